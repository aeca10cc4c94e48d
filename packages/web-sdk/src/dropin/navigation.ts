import { define, type Declared, unsupported } from './transports.js'

/** `navigation` of the platform, where it has one (https://html.spec.whatwg.org/#navigation-interface). */
interface NavigateEvent extends Event {
  readonly destination: { readonly url: string; readonly sameDocument: boolean }
}

/**
 * Blocks forms and links to declared addresses, and other navigation where the platform tells of it beforehand. What is blocked is
 * reported as an uncaught error, because no caller is there to get it. Does nothing in workers.
 */
export function guardNavigation(declared: Declared): void {
  if (typeof document === 'undefined') return
  const formAction = getterOf(HTMLFormElement, 'action')
  const block = (event: Event, what: string, address: string | undefined): void => {
    const found = address === undefined || address === '' ? undefined : declared(address)
    if (found === undefined) return
    event.preventDefault()
    reportError(unsupported(what, found))
  }
  // Before every listener of the document, so that none of them can stop it.
  addEventListener(
    'submit',
    (event) => {
      const { submitter, target } = event
      const override = submitter?.getAttribute('formaction') ?? undefined
      block(event, 'A form', override ?? formAction(target))
    },
    true,
  )
  for (const type of ['click', 'auxclick'])
    addEventListener(
      type,
      (event) => {
        for (const part of event.composedPath())
          if (part instanceof HTMLAnchorElement || part instanceof HTMLAreaElement) {
            if (!isFragment(part.href)) block(event, 'A link', part.href)
            for (const ping of part.getAttribute('ping')?.split(/\s+/) ?? []) block(event, 'The ping of a link', ping)
          } else if (part instanceof SVGAElement) block(event, 'A link', part.href.baseVal)
      },
      true,
    )
  const { navigation } = globalThis as { navigation?: EventTarget }
  navigation?.addEventListener('navigate', (event) => {
    const { url, sameDocument } = (event as NavigateEvent).destination
    // `pushState` and fragments ask no server for anything.
    if (!sameDocument) block(event, 'A navigation', url)
  })
  // `submit()` of a script fires no event.
  const { submit } = HTMLFormElement.prototype
  define(HTMLFormElement.prototype, 'submit', function submitUndeclared(this: HTMLFormElement): void {
    const found = declared(formAction(this) ?? '')
    if (found !== undefined) throw unsupported('form.submit', found)
    submit.call(this)
  })
}

/** Whether a link leads to a place in this document, for which no request is sent (HTML §7.4.2.3.3). */
function isFragment(address: string): boolean {
  const [target, fragment] = address.split('#', 2)
  return fragment !== undefined && target === location.href.split('#', 1)[0]
}

/** A getter of the platform itself: a field of a form may have the name of its property. */
function getterOf(
  { prototype }: { readonly prototype: object },
  name: string,
): (element: unknown) => string | undefined {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get
  return (element) => {
    try {
      return get === undefined ? undefined : (Reflect.apply(get, element, []) as string)
    } catch {
      return undefined
    }
  }
}
