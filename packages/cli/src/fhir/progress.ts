import type { ImportReport, LineProblem } from './import-fhir.ts';

/** Where a command says what it does. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const WIDTH = 28;
const CLEAR_LINE = '\r\u001b[2K';

/**
 * Shows an import as it goes: one line that fills, on a terminal; a line a file where the output is kept.
 */
export function showImport(terminal: Terminal): ImportReport & { end(): void } {
  const live = terminal.isTTY === true;
  let file: string | null = null;
  let bar = '';
  const redraw = () => terminal.write(`${CLEAR_LINE}${bar}`);
  return {
    progress(state) {
      if (live) {
        bar = drawBar(state);
        redraw();
      } else if (state.file !== file) {
        file = state.file;
        terminal.write(`Reading ${state.file}\n`);
      }
    },
    problem(problem) {
      terminal.write(`${live ? CLEAR_LINE : ''}${describe(problem)}\n`);
      if (live) redraw();
    },
    end() {
      if (live) terminal.write(CLEAR_LINE);
    },
  };
}

function describe({ file, line, what }: LineProblem): string {
  return `${file} line ${line} ${what}. The other lines go on.`;
}

function drawBar(state: { file: string; done: number; total: number; lines: number }): string {
  const part = state.total === 0 ? 1 : Math.min(1, state.done / state.total);
  const full = Math.round(part * WIDTH);
  const percent = `${Math.floor(part * 100)} %`.padStart(5);
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent}  ${state.file} ${state.lines.toLocaleString('en')}`;
}
