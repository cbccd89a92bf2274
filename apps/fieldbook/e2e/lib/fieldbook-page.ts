import type { Page } from 'playwright-core';

/** What a person does in Fieldbook, step by step, by what they see. */
export function fieldbookPage(page: Page) {
  const patients = page.getByTestId('patients');
  return {
    page,
    patients,
    async choose(name: string): Promise<void> {
      await page.getByRole('button', { name }).click();
      await patients.getByRole('link').first().waitFor();
    },
    /** Adds a patient and stays on the new patient's page. */
    async addPatient(name: string, born: string): Promise<void> {
      await page.getByTestId('new-patient').click();
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('Date of birth').fill(born);
      await page.getByText('Female', { exact: true }).click();
      await page.getByTestId('save').click();
      await page.getByRole('heading', { name }).waitFor();
    },
    async addVisit(reason: string): Promise<void> {
      await page.getByTestId('add-encounter').click();
      await page.getByLabel('Reason').fill(reason);
      await page.getByTestId('save').click();
      await page.getByTestId('timeline').getByText(reason).waitFor();
    },
    async open(id: string): Promise<void> {
      await page.evaluate((to) => {
        location.hash = `#/patients/${to}`;
      }, id);
      await page.getByTestId('edit-patient').waitFor();
    },
    async changePhone(phone: string): Promise<void> {
      await page.getByTestId('edit-patient').click();
      await page.getByLabel('Phone').fill(phone);
      await page.getByTestId('save').click();
      await page.getByRole('link', { name: phone }).waitFor();
    },
    async list(): Promise<void> {
      await page.evaluate(() => {
        location.hash = '#/';
      });
      await patients.getByRole('link').first().waitFor();
    },
    async ids(): Promise<string[]> {
      await patients.getByRole('link').first().waitFor();
      const ids = await patients
        .getByRole('link')
        .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id') ?? ''));
      return ids.filter((id) => id !== '');
    },
    linkState: () => page.getByTestId('link-state').textContent(),
  };
}

export type FieldbookPage = ReturnType<typeof fieldbookPage>;
