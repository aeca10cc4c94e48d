/** `npm start` moved to `services/staging`. Checks outside of this repository run it under its earlier address. */
import '../../services/staging/start.ts'
