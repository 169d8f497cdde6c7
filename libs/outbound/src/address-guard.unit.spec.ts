import { describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.js';

const inside = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '100.127.255.254'],
  ...['127.0.0.1', '127.1.2.3', '127.255.255.255', '169.254.169.254', '169.254.170.2', '168.63.129.16'],
  ...['172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.1'],
  ...['198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1'],
  ...['255.255.255.255', '::', '::1', '::7f00:1', '::127.0.0.1', '::a9fe:a9fe', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  ...['::ffff:a9fe:a9fe', '::ffff:10.0.0.1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe'],
  ...['64:ff9b:1::7f00:1', '100::1', '2001::1', '2001:10::1', '2001:db8::1', '2002:7f00:1::', '2002:a9fe:a9fe::'],
  ...['3fff::1', '5f00::1', 'fc00::1', 'fd00::1', 'fd00:ec2::254', 'fdff:ffff::1', 'fe80::1', 'fec0::1', 'ff02::1'],
  ...['4000::1', 'e000::1', 'fe80::1%eth0', 'not an address', ''],
];
const outside = ['1.1.1.1', '8.8.8.8', '93.184.215.14', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1'];

describe('addresses that may be connected to', () => {
  const guard = new AddressGuard();

  it.each(inside)('%s is not one', (address) => {
    expect(guard.isAllowed(address)).toBe(false);
  });

  it.each([...outside, '2606:4700::1111', '2a00:1450:4001::200e', '::ffff:8.8.8.8'])('%s is one', (address) => {
    expect(guard.isAllowed(address)).toBe(true);
  });

  it('are also those of a network that the operator has opened, and no other', () => {
    const opened = new AddressGuard(['10.1.0.0/16', '::1/128']);
    expect(['10.1.2.3', '::1', '::ffff:10.1.2.3'].every((address) => opened.isAllowed(address))).toBe(true);
    expect(['10.2.0.1', '127.0.0.1', '::2', '169.254.169.254'].some((address) => opened.isAllowed(address))).toBe(
      false,
    );
  });
});

describe('the addresses of a host', () => {
  const resolving = (...addresses: string[]) =>
    new AddressGuard([], async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

  it('are given where all are public', async () => {
    expect(await resolving('8.8.8.8', '2606:4700::1111').addressesOf('example.com')).toHaveLength(2);
  });

  it.each([[['10.0.0.1']], [['8.8.8.8', '127.0.0.1']], [['2606:4700::1111', '::ffff:a9fe:a9fe']]])(
    'are refused where one is inside: %s',
    async (addresses) => {
      const refused = resolving(...addresses).addressesOf('example.com');
      await expect(refused).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED', effect: 'none' });
      // Which address a name has inside is nothing to tell.
      await expect(refused).rejects.not.toThrow(/10\.0|127\.0|a9fe/);
    },
  );

  it('that is an address are checked without asking for its name', async () => {
    const guard = new AddressGuard([], () => Promise.reject(new Error('was asked')));
    await expect(guard.addressesOf('[::1]')).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
    await expect(guard.addressesOf('127.0.0.1')).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
    expect(await guard.addressesOf('8.8.8.8')).toEqual([{ address: '8.8.8.8', family: 4 }]);
  });
});
