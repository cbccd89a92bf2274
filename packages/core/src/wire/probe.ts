import * as z from 'zod';
import { nonce } from './atoms.ts';

/** Asks nothing but whether this is a server of ours. */
export const probeRequest = z.strictObject({ nonce });

export const probeAnswer = z.strictObject({ protocol: z.int().min(1), nonce });
