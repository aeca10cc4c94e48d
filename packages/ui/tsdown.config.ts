import { defineConfig, type UserConfig } from 'tsdown'

const config: UserConfig = defineConfig({
  tsconfig: 'tsconfig.json',
  target: 'es2022',
  platform: 'neutral',
  entry: { index: 'src/index.ts', react: 'src/react/index.ts', de: 'src/strings/de.ts' },
  format: 'esm',
  dts: true,
})
export default config
