import base from './apps/fieldbook/holdfast.config.ts';
export default { ...base, web: '/tmp/hf-web', data: '/tmp/hf-b' };
