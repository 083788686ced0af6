import { mount } from '@alcove/ui'
import { Files } from './Files'

mount(<Files />, { en: 'Files', fr: 'Fichiers' })
