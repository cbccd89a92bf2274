import { useContext } from 'react';
import { HoldfastContext } from './holdfast-context.ts';
import type { Messages } from './messages.ts';

/** The words of the ready-made components. */
export function useMessages(): Messages {
  return useContext(HoldfastContext).messages;
}
