/** What `npm start` and `npx holdfast` run in this repository: the reference app. */
import { defineConfig } from '@holdfast/cli';
import fieldbook from './apps/fieldbook/holdfast.config.ts';

export default defineConfig({ ...fieldbook, web: 'apps/fieldbook/dist' });
