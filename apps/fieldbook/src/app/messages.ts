/**
 * Every word that Fieldbook shows, in English.
 *
 * For translators: the reader may stand in a doorway with a child on one arm, in the sun, in a second
 * language. Use short sentences and everyday words. Being offline is normal, never an error. Say what
 * happened, to what, and what to do; blame nobody. Counts are whole numbers: use your language's plural
 * rules. The note above a message says where it stands and what its parts are.
 */
import type { Refusal } from '@holdfast/core';

const many = (count: number, one: string, other: string) =>
  count === 1 ? `1 ${one}` : `${count.toLocaleString('en')} ${other}`;

export const messages = {
  /** Name of the app. Do not translate. */
  appName: 'Fieldbook',
  /** BCP 47 tag of this catalogue, for dates and numbers. */
  locale: 'en-GB',

  session: {
    /** Heading of the first screen. */
    whoAreYou: 'Who are you?',
    /** Below that heading. */
    whoHint: 'Choose your name. Your work is kept on this device, under your name.',
    /** While the list of names is on its way. */
    loadingPeople: 'Looking for names.',
    /** There are no names on this device and no link to fetch them. */
    noPeople: 'There is no link, and nobody has used this device yet. Find a link once, then it works without one.',
    /** Button that asks for the names again. */
    lookAgain: 'Look again',
    /** A person's role. */
    coordinator: 'Coordinator',
    /** A person's role: someone who visits patients. */
    mentor: 'Mentor',
    /** While this person's store is being opened. `name` is the person. */
    opening: (name: string) => `Opening ${name}’s book.`,
    /** Button: leave this person and choose another. */
    changePerson: 'Change person',
    /** On the sending page. */
    signedInAs: (name: string, role: string) => `You are ${name}, ${role.toLowerCase()}.`,
    /** Beside the button for changing the person. */
    changeHint: 'What you have written stays here and is sent when you are back.',
  },

  /** Shown in place of the app when the store does not open, by what is the matter. Nothing is lost in any of them. */
  trouble: {
    /** Heading. */
    heading: 'The book does not open yet',
    StoreBusy: 'Another window has it open. Close that window, then try again. Nothing was changed.',
    StoreNewer: 'It was written by a newer version of this app. Close all its windows and open it again.',
    WrongKey:
      'The key on this device does not fit. Nothing was changed. Ask your coordinator before doing anything else.',
    StoreDamaged: 'The file on this device is damaged. It was kept as it is. Ask your coordinator.',
    StoreFull: 'This device is full. Make some room, then try again.',
    other: 'Something on this device stopped it from opening. Nothing was changed. Try again, or ask your coordinator.',
    /** Button. */
    tryAgain: 'Try again',
    /** A part of the app stopped while showing something. */
    pageHeading: 'This page stopped',
    /** Below it. */
    pageHint: 'What you saved is safe. Open the page again.',
    /** Button. */
    openAgain: 'Open again',
  },

  header: {
    /** Button: exchange with the server now. Short. */
    sendNow: 'Send now',
    /** Name of the ring in the header that leads to the sending page. */
    sendingPage: 'What is sent',
    /** The same, with counts of today's visits. */
    sendingPageToday: (sent: number, all: number) => `What is sent: ${sent} of ${many(all, 'visit', 'visits')} today`,
    /** A newer version of the app has been fetched. */
    updateReady: 'A new version is ready.',
    /** Button that starts it. */
    updateNow: 'Use it now',
  },

  list: {
    heading: 'Patients',
    /** How many patients there are, beside the heading. */
    count: (count: number) => many(count, 'patient', 'patients'),
    /** How many of them the search has found. */
    found: (found: number, all: number) => `${found.toLocaleString('en')} of ${many(all, 'patient', 'patients')}`,
    search: 'Search patients',
    /** Inside the empty search field. */
    searchHint: 'Name or phone',
    clearSearch: 'Clear search',
    newPatient: 'New patient',
    /** Nothing fits the search. `query` is what was typed. */
    noMatch: (query: string) => `Nobody here is called “${query}”.`,
    /** The list is empty. */
    empty: 'No patients yet. Add the first one.',
    /** The list is empty because the first fetch is not finished. */
    fetching: 'Your patients are on their way.',
    /** The same without a link. */
    fetchingNoLink: 'Your patients come with the first link. You can add new ones now.',
    /** Button above the list: patients that came in while it was being read. */
    showNew: (count: number) => `Show ${count.toLocaleString('en')} new`,
    /** Beside the list on a wide screen while no patient is open. */
    chooseOne: 'Choose a patient to see their story.',
  },

  patient: {
    back: 'Patients',
    edit: 'Edit',
    addVisit: 'Add a visit',
    notHere: 'This patient is not on this device. They may now be with another mentor.',
    /** Facts about a patient, as labels. */
    born: 'Born',
    phone: 'Phone',
    address: 'Address',
    mentor: 'Mentor',
    none: 'Not written down',
    allergies: 'Allergies',
    conditions: 'Conditions now',
    medicines: 'Medicines now',
    noAllergies: 'None written down',
    timeline: 'Timeline',
    timelineEmpty: 'Nothing has been written down yet.',
    showOlder: (count: number) => `Show ${many(count, 'older entry', 'older entries')}`,
    /** Folded list inside a visit. */
    moreMeasured: (count: number) => `${many(count, 'more measurement', 'more measurements')}`,
    /** Age in whole years, with the sex. */
    age: (years: number) => (years === 1 ? '1 year' : `${years} years`),
    ageMonths: (months: number) => (months === 1 ? '1 month' : `${months} months`),
  },

  sexes: { female: 'Female', male: 'Male', other: 'Other', unknown: 'Not known' },

  /** What kind of thing an entry of the timeline is. */
  kinds: {
    encounters: 'Visit',
    conditions: 'Condition',
    medicationRequests: 'Prescription',
    observations: 'Measurement',
    immunizations: 'Vaccination',
    procedures: 'Procedure',
  },

  /** Said beside a visit that did not simply take place. */
  visitStatus: {
    planned: 'Planned',
    cancelled: 'Cancelled',
    'entered-in-error': 'Written in error',
  } as Readonly<Record<string, string>>,

  /** A dose, such as "5 mg, 2 a day". */
  dose: (amount: string, timesPerDay: number | null) =>
    timesPerDay === null ? amount : `${amount}, ${timesPerDay.toLocaleString('en')} a day`,

  chart: {
    bloodPressure: 'Blood pressure',
    /** The two numbers of a blood pressure, upper (systolic) and lower (diastolic). */
    upper: 'Upper',
    lower: 'Lower',
    weight: 'Weight',
    /** The shaded band in a chart. */
    normalBand: 'Usual range',
    showTable: 'Show as a table',
    day: 'Day',
    value: 'Value',
    /** Read out for a chart. */
    summary: (what: string, count: number, from: string, to: string, latest: string) =>
      `${what}: ${many(count, 'reading', 'readings')} from ${from} to ${to}. Latest ${latest}.`,
  },

  form: {
    newPatient: 'New patient',
    editPatient: (name: string) => `Edit ${name}`,
    newVisit: (name: string) => `Visit to ${name}`,
    save: 'Save',
    cancel: 'Back',
    /** After the label of a field that may stay empty. */
    optional: 'may stay empty',
    /** Heading of the summary above a form that was not saved. */
    problems: (count: number) => `Not saved yet. ${count === 1 ? '1 field needs' : `${count} fields need`} a look.`,
    full: 'Not saved: this device is full. Make some room, then save again. What you typed is still here.',
    failed: 'Not saved. What you typed is still here. Try again.',
    name: 'Name',
    birthDate: 'Date of birth',
    sex: 'Sex',
    phone: 'Phone',
    address: 'Address',
    mentor: 'Mentor',
    chooseMentor: 'Choose a mentor',
    kind: 'Kind of visit',
    day: 'Day',
    time: 'Time',
    reason: 'Reason',
    note: 'Note',
    measured: 'Measured',
    upper: 'Upper blood pressure',
    lower: 'Lower blood pressure',
    weight: 'Weight in kg',
    visitKinds: { 'Home visit': 'Home visit', 'Clinic visit': 'Clinic visit', 'Phone call': 'Phone call' },
  },

  /** What is the matter with a field, said at the field. */
  problems: {
    name: 'Write the patient’s name.',
    birthDate: 'Give the day, month and year of birth. If it is not known, give your best guess.',
    birthDateAhead: 'This day has not come yet. Check the year.',
    birthDateOld: 'That is more than 125 years ago. Check the year.',
    phone: 'Give a phone number, such as 555 0123, or leave it empty.',
    tooLong: 'This is longer than can be kept. Shorten it.',
    sex: 'Choose one. “Not known” is fine.',
    mentorId: 'Choose the mentor who visits this patient.',
    kind: 'Choose the kind of visit.',
    start: 'Give the day and the time of the visit.',
    startAhead: 'This has not happened yet. Check the day and the time.',
    bloodPressurePair: 'Give both numbers, such as 120 and 80.',
    bloodPressureRange: 'Check this number. Upper is 50 to 300, lower is 20 to 200, and upper is the larger one.',
    weight: 'Check this number. Weight is 0.3 to 400 kg.',
    /** Where nothing more exact is known. */
    other: 'Check this field.',
  },

  outbox: {
    heading: 'What is sent',
    back: 'Patients',
    /** Inside and beside the ring. */
    today: (sent: number, all: number) => `${sent} of ${all} sent`,
    todayVisits: 'Visits today',
    noneToday: 'No visits written down today',
    waiting: (count: number) => `${many(count, 'entry', 'entries')} on this device only`,
    empty: 'Everything you wrote is at the server.',
    lastSync: 'Last exchange with the server',
    never: 'Not yet',
    nextTry: (when: string) => `Next try by itself ${when}.`,
    /** Heading of the entries about no single patient. */
    others: 'Other',
    /** The name of a patient that is no longer on this device. */
    someone: 'A patient not on this device',
    made: 'Written',
    create: { patients: 'New patient', encounters: 'Visit', observations: 'Measurement', other: 'New entry' },
    update: {
      patients: 'Patient’s details changed',
      encounters: 'Visit changed',
      observations: 'Measurement changed',
      other: 'Entry changed',
    },
    delete: {
      patients: 'Patient removed',
      encounters: 'Visit removed',
      observations: 'Measurement removed',
      other: 'Entry removed',
    },
    /** Where an entry stands. */
    pending: 'Goes with the next link.',
    sending: 'On its way.',
    retrying: 'The server did not take it in. It is tried again by itself.',
    accepted: 'The server has it and is confirming.',
    blockedNotLive: 'Waits for an entry that needs you.',
    held: 'Waits for the entries before it.',
    maybeSent: 'May have arrived already. Look there before you send it again.',
    conflicted:
      'Someone else changed the same thing. Both versions are kept. Talk with your coordinator about which is right.',
    refused: (reason: string) => `Not accepted: ${reason} It is kept here, and your coordinator has a copy.`,
    reasons: {
      exists: 'an entry with this number is already there.',
      gone: 'the patient is no longer with you.',
      deleted: 'it was removed by someone else.',
      forbidden: 'you may not change this.',
      invalid: 'something in it does not fit.',
      reused: 'it was sent once before with other content.',
      resolved: 'someone has already settled it.',
      dependency: 'an entry it belongs to was not accepted.',
      transaction: 'another part of the same visit was not accepted.',
      rejected: 'the office did not accept it.',
      schema: 'it was written with an older version of the app.',
    } satisfies Record<Refusal, string>,
    /** Whether the browser has promised to keep the data. */
    kept: 'The browser has promised to keep your work on this device.',
    notKept: 'The browser may clear this app when the device is full. Install the app, and send often.',
  },

  when: {
    today: (time: string) => `Today, ${time}`,
    yesterday: (time: string) => `Yesterday, ${time}`,
    /** No time is known. */
    unknown: 'Day not known',
    /** For screen readers, on a time that shows its exact form when pressed. */
    showExact: (text: string) => `${text}, show exact time`,
  },
};
