import { readPage } from '@alcove/client'
import { mount } from '@alcove/ui'
import { Place } from './Place'
import { holdReady, recall } from './seen'

// Where signing out led through: nothing to come back to.
if (new URLSearchParams(window.location.search).has('leave')) window.history.replaceState(null, '', '/')
void mount(<Place />, { en: 'Home', fr: 'Accueil' }, recall).then(() => holdReady(readPage(document).domain))
