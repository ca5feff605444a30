/** CommonJS with its one export called `default`: the path of the binary. */
declare module 'workerd' {
	const workerd: { readonly default: string };
	export default workerd;
}
