import { silentLogger } from '@chorda/kernel';
import { createKafkaDriver } from '../kafkajs-driver/kafka-driver.js';
import type { KafkaConnection, KafkaDriver } from '../port.js';
import {
  answersBeforeAcknowledgement,
  commitsEarly,
  dropsOnRebalance,
  neverTellsOfALoss,
  readsHeadersAsText,
  sendsTwice,
  skipsWhatItCannotRead,
  swapsTwoRecords,
} from './wrong-drivers.js';

type MakeDriver = (connection: KafkaConnection) => KafkaDriver;

const kafkajs: MakeDriver = (connection) => createKafkaDriver(connection, { logger: silentLogger });

/** By name, because a child process makes its driver itself. A second driver is one line here. */
export const driversUnderTest = {
  kafkajs,
  'commits early': (connection) => commitsEarly(kafkajs(connection)),
  'swaps two records': (connection) => swapsTwoRecords(kafkajs(connection)),
  'drops on rebalance': (connection) => dropsOnRebalance(kafkajs(connection)),
  'answers before the acknowledgement': (connection) => answersBeforeAcknowledgement(kafkajs(connection)),
  'skips what it cannot read': (connection) => skipsWhatItCannotRead(kafkajs(connection)),
  'never tells of a loss': (connection) => neverTellsOfALoss(kafkajs(connection)),
  'reads headers as text': (connection) => readsHeadersAsText(kafkajs(connection)),
  'sends twice': (connection) => sendsTwice(kafkajs(connection)),
} satisfies Record<string, MakeDriver>;

export type DriverName = keyof typeof driversUnderTest;
