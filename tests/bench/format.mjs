// One line per goal, aligned.

const number = (value) => {
	if (!Number.isFinite(value)) return '–';
	const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : 4;
	return value.toLocaleString('en', { maximumFractionDigits: digits });
};

const isMet = ({ ratio: [middle], goal }) =>
	goal === undefined || (goal.is === 'at most' ? middle <= goal.value : middle >= goal.value);

export function formatLine(line, where) {
	const [middle, low, high] = line.ratio;
	const range = low === high ? '' : ` (${number(low)}–${number(high)})`;
	const goal =
		line.goal === undefined
			? 'for information'
			: `goal ${line.goal.is === 'at most' ? '≤' : '≥'} ${number(line.goal.value)} × — ${isMet(line) ? 'met' : 'NOT MET'}`;
	return [
		line.id.padEnd(3),
		`${line.what} [${where}]`.padEnd(46),
		`ours ${number(line.ours)}, ${line.other.name} ${number(line.other.value)} ${line.unit}`.padEnd(58),
		`${number(middle)} ×${range}`.padEnd(24),
		goal
	].join('  ');
}
formatLine.isMet = isMet;
