import { mount } from '@alcove/ui'
import { Egress } from './Egress'

mount(<Egress />, { en: 'What left my place', fr: 'Ce qui est sorti' })
