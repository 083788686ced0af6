import { mount } from '@alcove/ui'
import { Sources } from './Sources'

mount(<Sources />, { en: 'Sources', fr: 'Sources' })
