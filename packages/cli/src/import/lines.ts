import { createReadStream } from 'node:fs';

/** One line of a file, as bytes: what is not UTF-8 is for the reader of the line to say. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
}

const NEWLINE = 0x0a;

/**
 * The lines of a file, one at a time, however large the file. Cut at line feeds only: a JSON text may
 * hold the other separators that line readers cut at (U+2028, U+2029).
 */
export async function* linesOf(path: string): AsyncGenerator<Line> {
  let number = 0;
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      number += 1;
      yield { number, bytes: Buffer.concat([...rest, chunk.subarray(from, end)]) };
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield { number: number + 1, bytes: Buffer.concat(rest) };
}
