// The tokens as a Mantine theme: its parts take our colours, sizes and corners.
import { Button, createTheme, type CSSVariablesResolver, Kbd, type MantineColorsTuple, Modal, Skeleton } from '@mantine/core'
import css from './theme.module.css'

const accent: MantineColorsTuple = [
  '#e2efeb', '#cfe4de', '#a9d2c7', '#79c6b5', '#56a797', '#36897a', '#1d6b5f', '#175a50', '#114840', '#0b352f',
]

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 3 },
  colors: { accent },
  defaultRadius: 8,
  respectReducedMotion: true,
  fontSizes: { xs: '12px', sm: '14px', md: '14px', lg: '16px', xl: '22px' },
  components: {
    Button: Button.extend({ defaultProps: { variant: 'default' }, classNames: { root: css.button ?? '' } }),
    Kbd: Kbd.extend({ classNames: { root: css.kbd ?? '' } }),
    Skeleton: Skeleton.extend({ classNames: { root: css.skeleton ?? '' } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 }, transitionProps: { duration: 120 } },
      classNames: { title: css.title ?? '' },
    }),
  },
})

const shared = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-2)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--sunk)',
  '--mantine-color-default-border': 'var(--line-2)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-placeholder': 'var(--ink-3)',
  '--mantine-color-error': 'var(--bad)',
}

export const variables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared })
