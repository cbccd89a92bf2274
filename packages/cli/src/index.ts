/** The `holdfast` command as a library: what an app's configuration says, and what the commands do with it. */
export { defineConfig, type HoldfastConfig } from './config/holdfast-config.ts';
export { type LoadedConfig, loadConfig } from './config/load-config.ts';
export type { FhirMapping, MappedRow } from './fhir/fhir-mapping.ts';
export { type ImportReport, type ImportSummary, importFhir, type LineProblem } from './fhir/import-fhir.ts';
export type { RowSink } from './import/row-sink.ts';
export { storeSink } from './import/store-sink.ts';
export { type RunServerOptions, runServer } from './serve/run-server.ts';
export { type RunningApp, type ServeAppOptions, serveApp } from './serve/serve-app.ts';
