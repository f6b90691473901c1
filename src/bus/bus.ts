import mittModule from 'mitt';
import type { EventMap, EventName } from './events.ts';

// mitt 3 publishes types that TypeScript reads as a module under NodeNext; at run time the default import is the function.
const mitt = mittModule as unknown as typeof mittModule.default;

/** Carries facts to its listeners. Required work is awaited code, never a handler. */
export interface Bus {
  emit<Name extends EventName>(name: Name, event: EventMap[Name]): void;
  /** @returns the function that ends the subscription */
  on<Name extends EventName>(name: Name, handler: (event: EventMap[Name]) => void | Promise<void>): () => void;
  /** Every event, for observers that log or count all of them. */
  onAny(handler: (name: EventName, event: EventMap[EventName]) => void | Promise<void>): () => void;
}

/**
 * A bus on which a failing handler, thrown or rejected, stops neither the other handlers nor the emitter.
 * @param onHandlerError is called for each failure and must not throw
 */
export function createBus(onHandlerError: (name: EventName, error: unknown) => void): Bus {
  const emitter = mitt<{ [Name in EventName]: EventMap[Name] }>();
  const contain = (name: EventName, work: () => void | Promise<void>): void => {
    (async () => {
      await work();
    })().catch((error: unknown) => {
      onHandlerError(name, error);
    });
  };
  return {
    emit: (name, event) => {
      emitter.emit(name, event);
    },
    on: (name, handler) => {
      const contained = (event: EventMap[typeof name]): void => {
        contain(name, () => handler(event));
      };
      emitter.on(name, contained);
      return () => {
        emitter.off(name, contained);
      };
    },
    onAny: (handler) => {
      const contained = (name: EventName, event: EventMap[EventName]): void => {
        contain(name, () => handler(name, event));
      };
      emitter.on('*', contained);
      return () => {
        emitter.off('*', contained);
      };
    },
  };
}
