// Reads messages/{locale}.json for paraglide without a download at build time.
// A message is a sentence with {names}, or an object of plural forms over {count}.

const key = 'plugin.wherry.messages';

function pattern(text) {
	return text
		.split(/\{(\w+)\}/)
		.map((piece, index) =>
			index % 2 === 0
				? { type: 'text', value: piece }
				: { type: 'expression', arg: { type: 'variable-reference', name: piece } }
		)
		.filter((piece) => piece.type !== 'text' || piece.value !== '');
}

function inputs(texts) {
	const names = new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1])));
	return [...names].sort().map((name) => ({ type: 'input-variable', name }));
}

const pluralOfCount = {
	type: 'local-variable',
	name: 'countPlural',
	value: {
		type: 'expression',
		arg: { type: 'variable-reference', name: 'count' },
		annotation: { type: 'function-reference', name: 'plural', options: [] }
	}
};

export default {
	key,
	toBeImportedFiles: ({ settings }) =>
		settings.locales.map((locale) => ({
			locale,
			path: settings[key].pathPattern.replace('{locale}', locale)
		})),
	importFiles: ({ files }) => {
		const result = { bundles: [], messages: [], variants: [] };
		for (const file of files) {
			const texts = JSON.parse(new TextDecoder().decode(file.content));
			for (const [id, value] of Object.entries(texts)) {
				if (id.startsWith('$')) continue;
				const isPlural = typeof value === 'object';
				const forms = isPlural ? Object.entries(value) : [['other', value]];
				const declared = inputs(forms.map(([, text]) => text).concat(isPlural ? ['{count}'] : []));
				result.bundles.push({ id, declarations: isPlural ? [...declared, pluralOfCount] : declared });
				result.messages.push({
					bundleId: id,
					locale: file.locale,
					selectors: isPlural ? [{ type: 'variable-reference', name: 'countPlural' }] : []
				});
				for (const [form, text] of forms) {
					const match =
						form === 'other'
							? { type: 'catchall-match', key: 'countPlural' }
							: { type: 'literal-match', key: 'countPlural', value: form };
					result.variants.push({
						messageBundleId: id,
						messageLocale: file.locale,
						matches: isPlural ? [match] : [],
						pattern: pattern(text)
					});
				}
			}
		}
		return result;
	}
};
