import { hooksFor } from '@holdfast/react';
import { fieldbook } from '../schema.ts';

export const { useDevice, useLive, useRecord, useWrite } = hooksFor(fieldbook);
