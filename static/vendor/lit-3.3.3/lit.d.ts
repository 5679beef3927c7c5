/** The parts of Lit that the bundle holds: `html` templates, `render`, and four directives. */
export interface TemplateResult { readonly strings: TemplateStringsArray; readonly values: unknown[] }
export const nothing: unique symbol;
export function html(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export function svg(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export function render(value: unknown, container: HTMLElement): void;
export function repeat<T>(
  items: Iterable<T>, key: (item: T, index: number) => unknown,
  template: (item: T, index: number) => unknown): unknown;
export function live(value: unknown): unknown;
export function ref(callback: (element: Element | undefined) => void): unknown;
export function guard(deps: unknown[], template: () => unknown): unknown;
