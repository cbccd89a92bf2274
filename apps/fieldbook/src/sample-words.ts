/** The words that the sample patients are made of. */

export const WOMENS_NAMES = [
  'Ada',
  'Amina',
  'Anne',
  'Astrid',
  'Beatrice',
  'Brita',
  'Charlotte',
  'Dorothy',
  'Esther',
  'Fatuma',
  'Florence',
  'Grace',
  'Halima',
  'Hanne',
  'Ingeborg',
  'Jane',
  'Joyce',
  'Kari',
  'Lucy',
  'Mary',
  'Mercy',
  'Miriam',
  'Nora',
  'Rehema',
  'Rose',
  'Ruth',
  'Sigrid',
  'Turid',
  'Wambui',
  'Zainab',
] as const;

export const MENS_NAMES = [
  'Abdi',
  'Anders',
  'Arthur',
  'Baraka',
  'Daniel',
  'Edward',
  'Einar',
  'George',
  'Hassan',
  'Henry',
  'Ibrahim',
  'James',
  'Joseph',
  'Juma',
  'Kamau',
  'Knut',
  'Lars',
  'Musa',
  'Odd',
  'Omondi',
  'Peter',
  'Rashid',
  'Samuel',
  'Terje',
  'William',
] as const;

export const FAMILY_NAMES = [
  'Abdullahi',
  'Achieng',
  'Bakke',
  'Barasa',
  'Berg',
  'Carter',
  'Chebet',
  'Clarke',
  'Dahl',
  'Eide',
  'Haugen',
  'Hughes',
  'Juma',
  'Kariuki',
  'Kiprop',
  'Lie',
  'Moen',
  'Mohamed',
  'Morris',
  'Mugo',
  'Njeri',
  'Nilsen',
  'Odhiambo',
  'Okello',
  'Parker',
  'Reed',
  'Strand',
  'Turner',
  'Vik',
  'Wright',
] as const;

export const STREETS = [
  'Harbour Street',
  'Market Lane',
  'Mill Road',
  'Lake View',
  'Station Road',
  'Church Lane',
  'Hill Street',
  'Well Lane',
  'Quay Road',
  'School Road',
  'Garden Row',
  'Ferry Road',
] as const;

export const NOTES = [
  'Feeling better than last time. Sleeping well.',
  'Takes the tablets every morning. No side effects.',
  'Tired this week. Asked to rest, and to call if it does not pass.',
  'Walked to the market and back for the first time in a month.',
  'Missed two days of tablets. Talked about keeping them by the kettle.',
  'Daughter was there too and will help with the appointments.',
  'Worried about the cost of the bus to the clinic.',
  'Measured twice; the second reading is the one written down.',
  'Wants to change the visit to Thursdays.',
  'Nobody home at first; came back in the afternoon.',
] as const;

/** An illness, how it is treated, and what is planned. */
export interface Illness {
  readonly name: string;
  readonly code: string;
  readonly plan: string;
  readonly raisesPressure: boolean;
  readonly treatment: {
    readonly display: string;
    readonly code: string;
    readonly dose: number;
    readonly doseUnit: string;
    readonly timesPerDay: number;
  };
}

export const CONDITIONS: readonly [Illness, ...Illness[]] = [
  {
    name: 'High blood pressure',
    code: '38341003',
    plan: 'Less salt, a walk every day, pressure at each visit',
    raisesPressure: true,
    treatment: { display: 'Amlodipine', code: '17767', dose: 5, doseUnit: 'mg', timesPerDay: 1 },
  },
  {
    name: 'Type 2 diabetes',
    code: '44054006',
    plan: 'Regular meals, foot check every month',
    raisesPressure: false,
    treatment: { display: 'Metformin', code: '6809', dose: 500, doseUnit: 'mg', timesPerDay: 2 },
  },
  {
    name: 'Asthma',
    code: '195967001',
    plan: 'Inhaler technique at each visit, no smoke indoors',
    raisesPressure: false,
    treatment: { display: 'Salbutamol', code: '435', dose: 0.2, doseUnit: 'mg', timesPerDay: 2 },
  },
  {
    name: 'Iron deficiency',
    code: '35240004',
    plan: 'Iron with fruit juice, blood test after three months',
    raisesPressure: false,
    treatment: { display: 'Ferrous sulfate', code: '24947', dose: 200, doseUnit: 'mg', timesPerDay: 2 },
  },
  {
    name: 'Low mood',
    code: '35489007',
    plan: 'A call every week, somebody to walk with',
    raisesPressure: false,
    treatment: { display: 'Sertraline', code: '36437', dose: 50, doseUnit: 'mg', timesPerDay: 1 },
  },
];

interface Allergy {
  readonly display: string;
  readonly code: string;
}

export const ALLERGIES: readonly [Allergy, ...Allergy[]] = [
  { display: 'Allergy to penicillin', code: '91936005' },
  { display: 'Allergy to peanuts', code: '91935009' },
  { display: 'Allergy to bee venom', code: '424213003' },
];
