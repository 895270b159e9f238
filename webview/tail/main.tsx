import { render } from 'preact';
import type { TailContract } from '../../src/contract/tail.ts';
import { pageElement } from '../shared/pageData.ts';
import { PageRpc } from '../shared/rpc.ts';
import { takePageApi } from '../shared/vscodeApi.ts';
import './tail.css';
import type { TailPageState } from './tailPage.tsx';
import { TailPage } from './tailPage.tsx';

const api = takePageApi<TailPageState>();
render(<TailPage api={api} rpc={new PageRpc<TailContract>(api.post)} />, pageElement('root'));
