import { expect, test } from 'vitest';
import { readPlan } from './plan-text.ts';
import { runPlan } from './run-history.ts';

/** Histories that broke a promise once, cut down to what it took, each with what it taught. */
const LESSONS: readonly { readonly rules: string; readonly taught: string; readonly plan: string }[] = [
  {
    rules: 'CF7',
    taught:
      'two changes of one field in a transaction: the choice in a conflict is the last word on both, or the older one covers it unseen',
    plan: `
      seed 1795277519
      step 13 1539378448 time
      step 9 838870097 change one record twice
      step 0 620287155 change one record twice
      step 2 301612662 time
      step 5 322677638 resolve conflict
    `,
  },
  {
    rules: 'CF1, CF7',
    taught: 'a choice upon an older version that was shown has seen what was written here and sent since',
    plan: `
      seed 1795275070
      fault corruptBody 0.1
      step 1 1934987339 time
      step 1 422779034 delete person with all
      step 7 1055600101 token
      step 14 844229243 change dose
      step 7 52569143 delete something
      step 12 179436357 delete something
      step 15 831447699 time
      step 7 847198416 change one record twice
      step 15 2136821561 time
      step 3 1175974348 resend
    `,
  },
  {
    rules: 'WR8, OB11',
    taught: 'a copy of the disk takes back what this one still has: it leaves here too, and the audit keeps it',
    plan: `
      seed 1795275780
      fault dropRequest 0.15
      fault delay 0.3
      fault longDelay 0.02
      fault captivePortal 0.1
      fault tooMany 0.05
      fault slowTransaction 0.3
      step 8 1414476312 time
      step 12 213957573 direct change
      step 6 1695333234 moment
      step 7 1612082509 clock set
      step 14 35298750 moment
      step 14 1121419370 clone
      step 6 1170128198 moment
      step 3 1950737593 create visit
      step 4 474138875 direct change
      step 13 2111053123 clone
      step 5 1843418707 change dose
      step 10 534536699 direct change
      step 15 2124421046 time
      step 5 515418826 discard
    `,
  },
  {
    rules: 'OB1',
    taught: 'sending again what was sent again before moves nothing that has its answer',
    plan: `
      seed 1795276410
      fault slowDisk 0.3
      step 12 114861544 create person with visit and dose
      step 4 1865253063 time
      step 12 19926471 change person
      step 8 2017642762 resend
      step 9 978298401 look around
      step 7 1795633450 change person
      step 4 323841061 rights
      step 12 1756439887 change note after something
      step 11 138837753 time
      step 0 482226505 discard
      step 12 700952143 moment
    `,
  },
  {
    rules: 'CF9',
    taught: 'a record that is brought back was shown as it was last, and not as nothing',
    plan: `
      seed 10758
      fault duplicateRequest 0.15
      fault captivePortal 0.1
      fault slowDisk 0.3
      step 4 1006001726 deploy
      step 10 845590705 change dose
      step 7 894789276 delete something
      step 14 1563456150 create note
      step 10 1922771503 create person with visit and dose
      step 7 1912483844 change note
      step 10 266094986 resolve conflict
    `,
  },
  {
    rules: 'SY11, OB1',
    taught: 'what is sent before a device knows of a new epoch waits for the work that has to come again before it',
    plan: `
      seed 50171
      fault dropResponse 0.2
      fault slowDisk 0.3
      step 11 949929206 close
      step 5 1069085933 change dose
      step 12 1473280770 discharge person
      step 15 451876882 backup
      step 14 1861782207 create visit
      step 7 816689510 restore
      step 13 1333525847 change dose
    `,
  },
  {
    rules: 'SY11, CF1',
    taught: 'a backup that holds an entry does not make the one that came after it forget it',
    plan: `
      seed 53370
      step 9 546742979 time
      step 10 1140211423 delete something
      step 14 1666134241 kill at statement
      step 14 1919123530 moment
      step 2 863502555 kill at statement
      step 1 801738124 moment
      step 10 580907883 resolve conflict
      step 10 1858955446 moment
      step 11 4912567 moment
      step 8 224172464 backup
      step 2 996312184 delete note and write it anew
      step 8 706024032 time
      step 10 126278541 time
      step 6 1191090319 restore
    `,
  },
  {
    rules: 'OB10, CF1',
    taught: 'what is typed anew for a record that is not here now stands upon what its entry was written upon',
    plan: `
      seed 11450
      step 4 388853519 moment
      step 5 1247036253 time
      step 5 787974642 time
      step 11 1693706670 direct change
      step 2 1040979627 direct change
      step 7 892911717 direct change
      step 6 42310640 time
      step 6 1740364531 time
      step 13 67215454 time
      step 15 905005135 time
      step 7 1179553917 change note
      step 11 994757071 time
      step 7 667223210 rights
      step 3 1114163001 change note
      step 6 846899026 time
      step 3 1282049335 edit what was refused
      step 7 1895059064 rights
    `,
  },
  {
    rules: 'SY11, CF1',
    taught: 'what a command had made is known by the command again in a new epoch',
    plan: `
      seed 10980
      step 10 103489138 time
      step 9 1258173955 discharge person
      step 6 738437501 backup
      step 4 119797869 time
      step 1 1979980447 change person and visit
      step 7 230631539 restore
    `,
  },
  {
    rules: 'SY11, SY6',
    taught: 'an entry is forgotten with what was written upon it, or it comes back above that',
    plan: `
      seed 502300
      fault captivePortal 0.1
      fault slowDisk 0.3
      step 0 724024053 change dose
      step 0 3263283 change visit
      step 9 209219384 time
      step 15 1102880125 resolve conflict
      step 9 420765249 restore
      step 12 1847005258 change dose
      step 4 291141206 direct change
      step 7 878635914 change note
      step 12 1091726328 edit what was refused
      step 2 516881429 change visit
      step 13 1665340966 change person
      step 1 354489687 token
      step 2 1226587218 create person
      step 15 2087703662 change person
      step 12 1287570534 change person
      step 7 1847353308 change person and visit
      step 3 1510095149 backup
      step 14 321108777 change note
      step 9 1695513335 change one record twice
      step 1 1784848511 change one record twice
      step 14 503924135 restore
      step 11 597670694 change visit
      step 15 1570145176 change note
      step 4 2119018618 change dose
    `,
  },
  {
    rules: 'OB10, CF7',
    taught: 'what is typed anew for a record that is not here any more was made upon what its entry was made upon',
    plan: `
      seed 505150
      fault dropRequest 0.15
      fault delay 0.3
      fault serverError 0.1
      fault staleAnswer 0.05
      fault slowTransaction 0.3
      step 3 1260283457 fetch a record
      step 7 665716168 change person
      step 3 500884564 time
      step 6 960452609 change note
      step 12 1441881066 change dose
      step 11 300144684 change person
      step 9 793810444 delete person with all
      step 4 1866437317 resend
      step 10 1786088528 time
      step 4 925776231 edit what was refused
      step 11 1749690091 resolve conflict
    `,
  },
];

for (const { rules, taught, plan } of LESSONS) {
  test(`[${rules}] ${taught}`, async () => {
    expect((await runPlan(readPlan(plan))).violations).toEqual([]);
  });
}
