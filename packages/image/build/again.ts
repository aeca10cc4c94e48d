/** `node --import tsx again.ts SOURCE FOLDER`: the second build of `pnpm image --check`, a process with an umask and a clock of its own. */
import { buildImage } from './image.ts'

const [, , source = '', folder = ''] = process.argv
const language = { model: process.env['IMAGE_MODEL'] ?? '', name: process.env['IMAGE_MODEL_NAME'] ?? '' }
await buildImage(source, folder, language, (message) => process.stdout.write(`${message}\n`))
