import { mount } from '@alcove/ui'
import { Account } from './Account'

mount(<Account />, { en: 'Account', fr: 'Compte' })
