import { createContext } from 'react'

/** The policy that this page verifies with, as JSON text: it comes with the page, and not from the service. */
export const PolicyOfPage: React.Context<string | undefined> = createContext<string | undefined>(undefined)
