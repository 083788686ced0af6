"""What the kit itself says, in French."""

FRENCH = {
    "The file is empty.": "Le fichier est vide.",
    "The file is larger than {} MiB, more than can be read at once.": "Le fichier dépasse {} Mio : c’est trop pour être lu d’un coup.",
    "Reading this file needs more memory than a connector may have.": "Lire ce fichier demande plus de mémoire qu’un connecteur n’en a.",
    "The file could not be read: {}.": "Le fichier n’a pas pu être lu : {}.",
    "More than {} questions were asked about this file.": "Ce fichier a demandé plus de {} réponses.",
    "A question about it was left unanswered: {}": "Une question à son sujet est restée sans réponse : {}",
    "The password is needed again.": "Le mot de passe est demandé à nouveau.",
    "It waits for your answer: {}": "Il attend votre réponse : {}",
    "The connector cannot start: {}.": "Le connecteur ne peut pas démarrer : {}.",
    "The connector cannot start: {}": "Le connecteur ne peut pas démarrer : {}",
}
