/** What Wherry's users can look up, as rehearsal quotes it. Say only what exists; a section a question. */

import type { DocPage } from './quote';

export const documentation: readonly DocPage[] = [
	{
		title: 'Getting started',
		text: `
## What you can type here
Also: help, start, begin, commands, try, examples, first steps
Try \`what time is it\`, \`calculate (3 + 4) * 12\`, \`remember that I like tea\`, \`what do you know about tea\`, \`search my sessions for tea\`, \`diagnose\`, or \`demo approval\`. Any skill runs by name: \`/clock zone=Tokyo\`. Ask \`how do I …\` about Wherry itself.

## What Wherry is
Also: what is this, about, who are you, what are you, agent
Wherry is an AI agent that lives in a browser tab. Sessions, memory and keys are kept in this browser; a server is only needed for what a tab cannot do, such as reaching a provider that does not answer browsers.

## What rehearsal is
Also: rehearsal, no model, without a model, without a key, offline, byline
Rehearsal is Wherry without a model: it runs commands and phrases, quotes this documentation, and needs no key and no network. It does not chat, and it never stands in for a model that failed. What it says is never shown to a model; the results of its calls may be.

## Connecting a model
Also: connect, provider, key, api key, add a model, local model, Ollama, choose model, switch model
Open Providers, pick one, paste its key and choose Save: the key is tried at once and a model is picked. Models of this computer (Ollama, LM Studio) need no key. The box named Model in the composer says which model answers next.

## Slash commands
Also: slash, command line, run a skill by hand, list of commands
Every skill runs by its name: \`/calculate 2^64\`, \`/clock zone=Europe/Berlin\`, \`/memory_remember {"text": "I like tea"}\`. Besides there are \`/new\`, \`/fork\`, \`/model\`, \`/compact\` and others; the palette (Ctrl or ⌘ and K) lists what can be done.

## Several commands at once
Also: combine, sequence, then, and also, two commands
\`A and also B\` runs both side by side. \`A, then B\` runs B once A has succeeded. For example: \`what time is it, then remember that I like tea\`.
`
	},
	{
		title: 'Staying in control',
		text: `
## Modes: Propose, Selective, Auto
Also: mode, propose, selective, auto, automatic, permission
Propose runs nothing by itself: every call is shown first. Selective runs what only reads, and what can be undone, and holds the rest for you. Auto holds only what is dangerous: sending, spending, running programs, and what cannot be undone.

## Approvals
Also: approve, approval, held, hold, card, reject, always allow, why was it held, dangerous
A held call is a card that shows what would happen, to whom, and with which arguments. Approve once runs exactly that; Always allow this writes a narrow rule; Reject tells the model that you said no. The card waits as long as it must, through reloads and restarts. An approval that was given must be used within ten minutes.

## Undo
Also: undo, take back, revert, restore, mistake, undo turn
A call that can be undone has an Undo button. Undo turn, at the end of an answer, takes back every such call of that turn, the last one first. What was sent or spent cannot be undone, which is why it is held.

## Stopping and steering
Also: stop, steer, queue, interrupt, cancel, while running
While a turn runs, Stop ends it, Steer gives it your new message at its next step, and Queue sends the message when it has ended. Closing the tab does not stop a turn: it goes on when Wherry is opened again.

## After a crash or reload
Also: resume, crash, reload, lost, close the tab, closed tab, recover, survive, durable
Every step is written down before it is taken. After a reload or a crash, the turn goes on where it was; calls that had finished are not run again. If it cannot be known whether a call took effect, Wherry asks you.

## Skills and plugins
Also: skill, plugin, tool, enable, disable, switch on, switch off, unavailable, write a plugin, new plugin, list skills
Skills lists everything the agent can do, with what each may do and why one is unavailable. Each can be switched off. To write one: \`npm run plugin:new my-id\` makes the folder, an example and its test.
`
	},
	{
		title: 'Sessions',
		text: `
## Branches: edit, retry, fork
Also: branch, edit, retry, fork, tree, regenerate, previous branch, change a message, compare
Nothing is overwritten. Edit on one of your messages and Retry on an answer make a new branch beside the old one; Previous branch and Next branch go between them, and the tree shows all. Fork starts a session of its own from that message.

## Compacting a long session
Also: compact, compaction, context, too long, summary, context window, gauge
\`/compact\` replaces the older part of what the model reads with a summary. Nothing is deleted: you still see and search everything. It happens by itself when 80 % of the model's context is full.

## Searching
Also: search, find, old session, past session, history
The box over the list of sessions searches every message on this device. Here, type \`search my sessions for …\`.

## Organising sessions
Also: pin, archive, folder, tag, rename, delete, title, organise, temporary, incognito
Session options has Rename, Pin, Archive, Delete and Export. A deleted session can be brought back with Undo. A temporary session is kept nowhere and is gone when you leave it.

## Export and import
Also: export a session, import, backup, ChatGPT, Claude, Open WebUI, LobeChat, jsonl, html, download, move, save a conversation
A session exports as JSON Lines or as one readable HTML file, and either imports again. Exports of ChatGPT, Claude, Open WebUI and LobeChat import too.

## Files and attachments
Also: attach, attachment, file, image, picture, pdf, paste, drop, upload
Attach, drop or paste images, PDFs and text files into Message. They stay on this device and are sent only to the model that you ask.
`
	},
	{
		title: 'Memory and privacy',
		text: `
## Memory
Also: remember, forget, recall, facts, what do you know about me
\`remember that …\` keeps a fact on this device, \`what do you know about …\` finds it, \`list my memories\` shows all, \`forget …\` removes what has those words. Remembering and forgetting can both be undone.

## Where your data is
Also: privacy, private, data, stored, storage, server, cloud, tracking, who can read, safe, secure
Sessions, memory, files and settings are in this browser's own storage. What you write goes only to the model that you chose, by this Wherry's relay or straight to the provider. Rehearsal sends nothing anywhere.

## Keys
Also: key, api key, secret, password, token, vault, remove a key
Provider keys are kept encrypted on this device, are used only to sign requests to their own provider, and are never shown again. A key that is pasted into Message by mistake is caught before it is stored or sent.

## Reading web pages
Also: fetch, web, url, page, website, internet, browse
\`fetch https://example.com\` reads a page as text. Well-known sites are read at once; any other address is shown to you first. What a page says is treated as untrusted: it cannot make Wherry send anything without asking you.
`
	},
	{
		title: 'Keyboard',
		text: `
## Keys on the keyboard
Also: shortcut, shortcuts, keyboard, hotkey, palette, navigate, go to, keys
\`?\` lists the keys. Ctrl or ⌘ and K opens the palette, which reaches every place, session and command. \`g\` and then a letter goes to a place: \`g s\` Sessions, \`g p\` Providers. Enter sends; Shift and Enter make a new line.
`
	}
];
