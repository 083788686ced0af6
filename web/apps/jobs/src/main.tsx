import { mount } from '@alcove/ui'
import { Jobs } from './Jobs'

mount(<Jobs />, { en: 'In the background', fr: 'En arrière-plan' })
