import { render } from 'preact';
import type { SendFormContract } from '../../src/contract/sendForm.ts';
import { pageElement } from '../shared/pageData.ts';
import { PageRpc } from '../shared/rpc.ts';
import { takePageApi } from '../shared/vscodeApi.ts';
import './send.css';
import type { SendPageState } from './sendPage.tsx';
import { SendPage } from './sendPage.tsx';

const api = takePageApi<SendPageState>();
render(<SendPage api={api} rpc={new PageRpc<SendFormContract>(api.post)} />, pageElement('root'));
