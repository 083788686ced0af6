import { mount } from '@alcove/ui'
import { Money } from './Money'

void mount(<Money />, { en: 'Money', fr: 'Argent' })
