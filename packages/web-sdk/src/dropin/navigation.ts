import { define, type Declared, replaceMethod, unsupported } from './transports.js'

/** `navigation` of the platform, where it has one (https://html.spec.whatwg.org/#navigation-interface). */
interface NavigateEvent extends Event {
  readonly destination: { readonly url: string; readonly sameDocument: boolean }
}

/** Events on which an engine follows a link; `DOMActivate` is for Firefox alone. */
const follows: readonly string[] = ['click', 'DOMActivate', 'auxclick']
/** Events before a person submits a form. They leave a shadow root, which `submit` and `formdata` do not. */
const precedes: readonly string[] = ['click', 'keydown']

/**
 * Blocks forms and links to declared addresses, and other navigation where the platform tells of it beforehand. What is blocked is
 * reported as an uncaught error, because no caller is there to get it. Does nothing in workers.
 */
export function guardNavigation(declared: Declared): void {
  if (typeof document === 'undefined') return
  const formAction = getterOf(HTMLFormElement, 'action')
  const hrefs = [getterOf(HTMLAnchorElement, 'href'), getterOf(HTMLAreaElement, 'href')]
  /** The button of the last submission that was not blocked. */
  const submitters = new WeakMap<EventTarget, HTMLElement | null>()
  /** Forms whose `formdata` is that of a `new FormData(form)`, or one that is repeated here. */
  const passed = new Set<unknown>()

  const report = (what: string, address: string | undefined): boolean => {
    const found = address === undefined || address === '' ? undefined : declared(address)
    if (found !== undefined) reportError(unsupported(what, found))
    return found !== undefined
  }
  const block = (event: Event, what: string, address: string | undefined): void => {
    // The window and a shadow root may both hear of it.
    if (!event.defaultPrevented && report(what, address)) event.preventDefault()
  }
  const actionOf = (form: EventTarget | null, submitter: HTMLElement | null | undefined): string | undefined =>
    submitter?.getAttribute('formaction') ?? formAction(form)

  const onSubmit = (event: Event): void => {
    const { submitter, target } = event as SubmitEvent
    block(event, 'A form', actionOf(target, submitter))
    if (target && !event.defaultPrevented) submitters.set(target, submitter)
  }
  // Fired after every listener of `submit`, any of which may have changed the address. It cannot be cancelled.
  const onFormData = (event: Event): void => {
    const { target, formData } = event as FormDataEvent
    if (!target || passed.has(target)) return
    const submitter = submitters.get(target)
    const isBlocked = (): boolean => report('A form', actionOf(target, submitter))
    if (!isBlocked()) {
      // Chromium has read the address by now. Other engines read it after the listeners of the page, so that these go first.
      event.stopImmediatePropagation()
      passed.add(target)
      EventTarget.prototype.dispatchEvent.call(target, new FormDataEvent('formdata', { formData, bubbles: true }))
      passed.delete(target)
      if (!isBlocked()) return
    }
    // The platform does not submit a form that is in no document (HTML §4.10.22.3). Its fields may have the names of methods.
    const place = document.createComment('')
    Element.prototype.replaceWith.call(target as Element, place)
    setTimeout(() => place.replaceWith(target as Element))
  }
  const onFollow = (event: Event): void => {
    for (const part of event.composedPath()) {
      const href = hrefs.map((get) => get(part)).find((address) => address !== undefined)
      if (href !== undefined) {
        if (!isFragment(href)) block(event, 'A link', href)
        for (const ping of (part as Element).getAttribute('ping')?.split(/\s+/) ?? [])
          block(event, 'The ping of a link', ping)
      } else if (part instanceof SVGAElement) block(event, 'A link', part.href.baseVal)
    }
  }
  const onBefore = (event: Event): void => {
    for (const part of event.composedPath()) if (part instanceof ShadowRoot) listen(part)
  }
  const listeners: readonly (readonly [type: string, listener: (event: Event) => void])[] = [
    ...precedes.map((type) => [type, onBefore] as const),
    ...follows.map((type) => [type, onFollow] as const),
    ['submit', onSubmit],
    ['formdata', onFormData],
  ]
  /** May be called again for the same target: the platform keeps each listener once. */
  const listen = (target: EventTarget): void => {
    for (const [type, listener] of listeners) target.addEventListener(type, listener, true)
  }
  /** Listens where the events of a node end: the window, a shadow root, or the first ancestor of an element in no document. */
  const watch = (node: unknown): void => {
    if (!(node instanceof Node)) return
    const root = Node.prototype.getRootNode.call(node)
    listen(root === document ? globalThis : root)
  }

  // Before every listener of the document, so that none of them can stop it.
  listen(globalThis)
  replaceMethod(Element.prototype, 'attachShadow', (call, _, args) => {
    const root = call(args) as ShadowRoot
    listen(root)
    return root
  })
  for (const [{ prototype }, method] of [
    [HTMLElement, 'click'],
    [HTMLFormElement, 'requestSubmit'],
  ] as const)
    replaceMethod(prototype, method, (call, receiver, args) => {
      watch(receiver)
      return call(args)
    })
  replaceMethod(EventTarget.prototype, 'dispatchEvent', (call, receiver, args) => {
    watch(receiver)
    const [event] = args
    if (event instanceof Event && follows.includes(event.type) && !event.cancelable)
      // Only then can it be blocked.
      event.initEvent(event.type, event.bubbles, true)
    return call(args)
  })
  // They remove the listeners of the window (HTML §8.4.1).
  for (const method of ['open', 'write', 'writeln'])
    replaceMethod(Document.prototype, method, (call, _, args) => {
      try {
        return call(args)
      } finally {
        listen(globalThis)
      }
    })
  // `new FormData(form)` fires `formdata` as well, and sends nothing.
  const construct = new Proxy(FormData, {
    construct(target, args: unknown[], newTarget) {
      passed.add(args[0])
      try {
        return Reflect.construct(target, args, newTarget) as object
      } finally {
        passed.delete(args[0])
      }
    },
  })
  define(globalThis, 'FormData', construct)
  define(FormData.prototype, 'constructor', construct)

  const { navigation } = globalThis as { navigation?: EventTarget }
  navigation?.addEventListener('navigate', (event) => {
    const { url, sameDocument } = (event as NavigateEvent).destination
    // `pushState` and fragments ask no server for anything.
    if (!sameDocument) block(event, 'A navigation', url)
  })
  // `submit()` of a script fires no event of that name.
  replaceMethod(HTMLFormElement.prototype, 'submit', (call, receiver, args) => {
    const found = declared(formAction(receiver) ?? '')
    if (found !== undefined) throw unsupported('form.submit', found)
    return call(args)
  })
}

/** Whether a link leads to a place in this document, for which no request is sent (HTML §7.4.2.3.3). */
function isFragment(address: string): boolean {
  const [target, fragment] = address.split('#', 2)
  return fragment !== undefined && target === location.href.split('#', 1)[0]
}

/** A getter of the platform itself: a field of a form may have the name of its property, and a subclass may have its own. */
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
