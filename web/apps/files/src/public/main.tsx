import { languageOf, mount } from '@alcove/ui'
import { Public } from './Public'

// A guest reads it in the language of their browser: the place's own says nothing of them.
mount(<Public />, { en: 'Shared with you', fr: 'Partagé avec vous' }, undefined, languageOf(navigator.language))
