import { createInterface } from 'node:readline/promises';

/** Where a person can be asked; null where nobody sits there. */
export type Asking = ((question: string) => Promise<string>) | null;

/** The terminal that this process was started from. */
export function terminalAsking(): Asking {
  if (process.stdin.isTTY !== true) return null;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  };
}

/** True only for a whole "yes". */
export async function isConfirmed(ask: Asking, question: string): Promise<boolean> {
  return ask !== null && (await ask(`${question} Type yes to go on: `)).trim() === 'yes';
}
