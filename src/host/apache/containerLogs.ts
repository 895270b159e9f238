import * as vscode from 'vscode';

import type { Disposable } from '../../base/disposable.ts';
import { followComposeLogs } from './docker.ts';

/** What the containers of a compose file print, of one file at a time. */
export class ContainerLogs implements Disposable {
  readonly #env: NodeJS.ProcessEnv;
  #channel: vscode.OutputChannel | undefined;
  #followed: { readonly file: string; readonly following: Disposable } | undefined;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  show(file: string): void {
    this.#channel ??= vscode.window.createOutputChannel('RocketMQ Docker', 'rocketmq-log');
    this.#channel.show(true);
    if (this.#followed?.file === file) return;
    const channel = this.#channel;
    this.#unfollow();
    channel.clear();
    const write = (text: string) => channel.append(text);
    // Containers that are started again are followed again when they are asked for.
    const onEnd = () => (this.#followed = undefined);
    this.#followed = { file, following: followComposeLogs({ file, write, onEnd }, this.#env) };
  }

  /** Its containers are gone. */
  forget(file: string): void {
    if (this.#followed?.file === file) this.#unfollow();
  }

  dispose(): void {
    this.#unfollow();
    this.#channel?.dispose();
  }

  #unfollow(): void {
    this.#followed?.following.dispose();
    this.#followed = undefined;
  }
}
