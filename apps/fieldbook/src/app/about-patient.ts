import { ageOn } from './dates.ts';
import { messages } from './messages.ts';

interface Patient {
  readonly birthDate: string;
  readonly sex: keyof typeof messages.sexes;
}

/** Age and sex in a few words: "42 years · female". What is not known is left out. */
export function aboutPatient({ birthDate, sex }: Patient): string {
  const age = ageOn(birthDate, new Date());
  const parts = [
    age === null ? null : 'years' in age ? messages.patient.age(age.years) : messages.patient.ageMonths(age.months),
    sex === 'unknown' ? null : messages.sexes[sex].toLocaleLowerCase(messages.locale),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}
