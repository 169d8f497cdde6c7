import { createKafkaDriver, type KafkaAdmin, type KafkaDriver } from '@chorda/messaging';
import { kafkaConnection, kafkaEnv, readEnv } from '@chorda/platform';
import { z } from 'zod';

/** @throws {@link EnvironmentError} naming what is missing. */
export async function withKafka<Result>(
  environment: NodeJS.ProcessEnv,
  work: (driver: KafkaDriver) => Promise<Result>,
): Promise<Result> {
  const driver = createKafkaDriver(kafkaConnection(readEnv(z.object(kafkaEnv), environment), 'chorda-cli'));
  try {
    return await work(driver);
  } finally {
    await driver.close();
  }
}

export function withKafkaAdmin<Result>(
  environment: NodeJS.ProcessEnv,
  work: (admin: KafkaAdmin) => Promise<Result>,
): Promise<Result> {
  return withKafka(environment, async (driver) => work(await driver.admin()));
}
