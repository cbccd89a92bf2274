/** Something outside this program is not as it should be; the message is the one sentence to show. */
export class Problem extends Error {}

/** Runs a script's main function: its number is the exit code, a Problem is shown as a sentence. */
export async function runScript(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (error instanceof Problem || isOperational(error)) process.stderr.write(`${error.message}\n`);
    else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
}

/** An error of the product's own catalogue: its message says what happened and what to do. */
function isOperational(error) {
  return error instanceof Error && typeof error.code === 'string' && error.code === error.name;
}

/** One line about what takes a while now. */
export function step(text) {
  process.stdout.write(`${text}\n`);
}
