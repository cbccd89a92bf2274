import '@holdfast/react/styles.css';
import './app/styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { registerServiceWorker } from './app/app-update.ts';
import { guardDrafts } from './app/forms/drafts.ts';
import { openFieldbook } from './app/session/open-fieldbook.ts';
import { createSession } from './app/session/session.ts';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no element with the id "app"');

const session = createSession(openFieldbook);
guardDrafts();
createRoot(root).render(
  <StrictMode>
    <App session={session} />
  </StrictMode>,
);
if (import.meta.env.PROD) void registerServiceWorker('/service-worker.js');
