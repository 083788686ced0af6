import { mount } from '@alcove/ui'
import { Market } from './Market'

mount(<Market />, { en: 'Apps and sources', fr: 'Applications et sources' })
