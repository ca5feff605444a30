/** Light, dark or the system's. Kept in localStorage because it is needed before anything draws. */

export type Theme = 'system' | 'light' | 'dark';
const name = 'wherry:theme';

function read(): Theme {
	const stored = localStorage.getItem(name);
	return stored === 'light' || stored === 'dark' ? stored : 'system';
}

class ThemeChoice {
	value = $state<Theme>(read());

	set(theme: Theme): void {
		this.value = theme;
		if (theme === 'system') {
			localStorage.removeItem(name);
			delete document.documentElement.dataset['theme'];
		} else {
			localStorage.setItem(name, theme);
			document.documentElement.dataset['theme'] = theme;
		}
	}
}

export const theme = new ThemeChoice();
