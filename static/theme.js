// Before the first paint: the edition that the person chose.
try {
	const theme = localStorage.getItem('wherry:theme');
	if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
	// No storage: the system's edition.
}
