import { HoldfastError } from '@holdfast/core';
import { Command, CommanderError } from 'commander';
import { importFhirCommand } from './commands/import-fhir-command.ts';
import { backupBeginCommand, backupDoneCommand, newEpochCommand, placeOf } from './commands/upkeep-command.ts';
import { runServer } from './serve/run-server.ts';
import { terminalAsking } from './upkeep/confirm.ts';

const CONFIG = 'holdfast.config.ts';

const EXAMPLES = `
Examples:
  holdfast serve                          serve the app of ./holdfast.config.ts on http://127.0.0.1:4870
  holdfast serve --port 8080 --data /srv/clinic
  holdfast import fhir ./export           read Patient.ndjson, Encounter.ndjson and so on from ./export
  holdfast import fhir ./export --url https://sync.example.org --secret …
  holdfast backup begin                   before a backup; holdfast backup done, once it has been tried
  holdfast new-epoch                      after the data was put back to an earlier day

The configuration names the app, its schema and its data folder; see defineConfig of @holdfast/cli.
While a server runs, import and upkeep go through it. Exit code 0: done; 1: not done, or not all of it.
`;

/** Runs the command that the arguments name, and gives the exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = commands((given) => {
    code = given;
  });
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    // Commander has said what was wrong, or shown what was asked for.
    if (error instanceof CommanderError) return error.exitCode;
    const operational = error instanceof HoldfastError;
    process.stderr.write(`${operational ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

function commands(done: (code: number) => void): Command {
  const program = new Command('holdfast')
    .description('Offline-first sync for field apps: the server, and what goes with it.')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .showHelpAfterError('(holdfast --help says more)');
  program
    .command('serve')
    .description('serve an app: its sync server and its own files, on one port, until Ctrl-C')
    .option('-c, --config <file>', 'the configuration', CONFIG)
    .option('-p, --port <port>', 'the port (also PORT; default: the configuration, then 4870)')
    .option('--host <address>', 'the address to listen on (also HOST; default: this machine only)')
    .option('-d, --data <folder>', 'the data folder (default: the configuration, then .holdfast)')
    .action((options) => runServer(options));
  const importing = program.command('import').description('bring data in from elsewhere');
  importing
    .command('fhir <folder>')
    .description('read FHIR R4 resources, one .ndjson file a type; can be repeated')
    .option('-c, --config <file>', 'the configuration', CONFIG)
    .option('-d, --data <folder>', 'the data folder (default: the configuration, then .holdfast)')
    .option('--url <address>', 'a running server to import into, instead of a data folder')
    .option('--secret <secret>', "that server's admin secret")
    .action(async (folder: string, options) => {
      done(await importFhirCommand(folder, options, { out: process.stdout, err: process.stderr }));
    });
  const output = { out: process.stdout, err: process.stderr };
  const backup = program.command('backup').description('tell devices what a backup of the data holds');
  atStore(backup.command('begin'), 'note what a backup will hold that is made after this')
    .addHelpText('after', BACKUP)
    .action(async (options) => done(await backupBeginCommand(await placeOf(options), output)));
  atStore(backup.command('done'), 'the backup begun last is there and was tried: devices may forget what it holds')
    .addHelpText('after', BACKUP)
    .action(async (options) => done(await backupDoneCommand(await placeOf(options), output)));
  atStore(program.command('new-epoch'), 'after the data was put back to an earlier day: begin a new history')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', NEW_EPOCH)
    .action(async (options) => {
      done(await newEpochCommand(await placeOf(options), output, terminalAsking(), options.yes === true));
    });
  return program;
}

const BACKUP = `
Devices keep what they have sent until a backup holds it (without that word, for 14 days), to send it again
should the data ever be put back. Say "begin" before you make a backup, and "done" once you have tried it.`;

const NEW_EPOCH = `
Every device reads everything again then, and sends again what it has kept of its work: what came after the
backup comes back from them. Nothing of their unsent work is touched. It cannot be taken back, and it asks first.`;

function atStore(command: Command, description: string): Command {
  return command
    .description(description)
    .option('-c, --config <file>', 'the configuration', CONFIG)
    .option('-d, --data <folder>', 'the data folder (default: the configuration, then .holdfast)')
    .option('--url <address>', 'a running server, instead of a data folder')
    .option('--secret <secret>', "that server's admin secret");
}
