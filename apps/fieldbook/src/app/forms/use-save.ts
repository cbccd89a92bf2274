import { hasCode } from '@holdfast/core';
import { useState } from 'react';
import { messages } from '../messages.ts';
import { type FieldProblems, isInvalidWrite, problemsOf } from './field-problems.ts';

const NONE: FieldProblems = {};

/** Runs a form's save and keeps what went wrong, for the fields and for the summary above them. */
export function useSave() {
  const [problems, setProblems] = useState(NONE);
  const [failure, setFailure] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);

  /** Checks, then writes. Returns whether it was saved. */
  const save = async (check: () => FieldProblems, write: () => Promise<unknown>): Promise<boolean> => {
    const found = check();
    setFailure(null);
    setProblems(found);
    if (saving || Object.keys(found).length > 0) return false;
    setSaving(true);
    try {
      await write();
      return true;
    } catch (error) {
      if (isInvalidWrite(error)) setProblems(problemsOf(error.issues));
      else setFailure(hasCode(error, 'StoreFull') ? messages.form.full : messages.form.failed);
      return false;
    } finally {
      setSaving(false);
    }
  };

  /** A field that is being corrected is not accused any longer. */
  const clear = (field: string) => setProblems(({ [field]: _, ...others }) => others);
  return { problems, failure, saving, save, clear };
}
