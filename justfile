# The verbs of a day's work. Without just, the scripts in dev/ do the same.

# show what there is
default:
    @just --list

# a server with an instance at me.localhost
dev:
    ./dev/up

# the pages as they are written: a server whose apps change in the browser with every save
web:
    ./dev/web

# the pages, built when a source is newer than what was built
web-build *args:
    ./dev/run python dev/web.py {{args}}

# all that CI checks
test *args:
    ./dev/test {{args}}

# rooms, floors, followers, registries, from the code
map:
    ./dev/run python dev/map.py

# formatting and the lints that mend themselves
tidy:
    ./dev/run ruff check --fix .
    ./dev/run ruff format .

# a household with three years of statements and invoices
seed:
    ./dev/run alcove sample

# how well bills find their operations
bench-linking *args:
    ./dev/run python dev/linking_bench.py {{args}}

# how fast Money is with a hundred thousand operations, with and without a slow processor
bench-pages *args:
    ./dev/run python dev/page_bench.py {{args}}

# kill the server at random moments under load, and look for what is missing
kill-loop *args:
    ./dev/run python dev/kill_loop.py {{args}}

# what idle realtime sockets cost
sockets *args:
    ./dev/run python dev/sockets.py {{args}}

# odd requests to every route; --rounds 1000 are 200,000 of them
fuzz *args:
    ./dev/run python dev/fuzz.py {{args}}

# the HTTP API in OpenAPI
openapi *args:
    ./dev/run python dev/openapi.py {{args}}

# many clients at the same documents, and what was kept
writers *args:
    ./dev/run python dev/writers.py {{args}}

# cut the power between any two writes of the database
power-cut *args:
    ./dev/run python dev/power_cut.py {{args}}

# what is read of the corpus of real files that may lie beside the checkout
corpus:
    ./dev/run python dev/corpus_check.py
