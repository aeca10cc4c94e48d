/**
 * A browser's tab, as far as the scenarios need one: what every engine can do, whether Playwright or WebDriver drives it.
 *
 * Elements are named by CSS selectors, of which the first match counts.
 */
export interface Tab {
  open(address: string): Promise<void>
  /** Goes back by one page, as with the browser's button; does not wait for it. */
  back(): Promise<void>
  /** Takes the network away, or gives it back. */
  setOffline(offline: boolean): Promise<void>
  /**
   * Runs `script` inside the page and waits for what it gives. It sees nothing but `argument`; both ways only JSON passes.
   */
  evaluate<Argument, Result>(
    script: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Awaited<Result>>
  /** Presses the keys of `text`, one after the other, with the focus in the element. */
  type(selector: string, text: string): Promise<void>
  click(selector: string): Promise<void>
  /** Presses one key, named as in `KeyboardEvent.key`, with the focus where it is. */
  press(key: string): Promise<void>
  /** Gives the element, an `<input type="file">`, the file at `path`. */
  chooseFile(selector: string, path: string): Promise<void>
  /** Everything that the page or the browser on its behalf wrote to the console: refusals of the CSP are among it. */
  readonly printed: readonly string[]
}

/** How the person at the browser has it; WebKit's driver knows no colour scheme and takes the screen's size. */
export interface TabAppearance {
  readonly viewport?: { readonly width: number; readonly height: number } | null
  readonly colorScheme?: 'light' | 'dark' | 'no-preference' | null
  readonly forcedColors?: 'active' | 'none' | null
}

/** A browser that runs. */
export interface Engine {
  /** A tab that shares nothing with those before. Certificates are not checked: there are throw-away ones only. */
  newTab(appearance?: TabAppearance): Promise<{ readonly tab: Tab; close(): Promise<void> }>
  close(): Promise<void>
}
