/** The staging service moved to `services/staging`. Checks outside of this repository start it under its earlier address. */
export * from '../../services/staging/staging.ts'
