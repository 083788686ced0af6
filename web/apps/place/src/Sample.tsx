// The sample person: asked for, made before one's eyes, opened, removed.
import { Refused, useClient, useFresh } from '@alcove/client'
import { Bar, Button, Icon, kindOf, sampleOf, useKeyboardKept, useSay, useToast } from '@alcove/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { goes, type SampleSaid } from './model'
import css from './place.module.css'
import { texts } from './texts'

const SAMPLES = 'org.alcove.samples'
const JSONAPI = 'application/vnd.api+json'
const KEY = ['place', 'sample']
/** While it is made it is asked for, too: a socket may be kept away by a proxy. */
const WATCH = 1500

interface Answer<T> {
  data: { attributes: T }
}

/** What is known of this person's sample person. */
export function useSample() {
  const { door, page } = useClient()
  useFresh([SAMPLES], KEY)
  return useQuery({
    queryKey: KEY,
    enabled: !sampleOf(page),
    queryFn: async ({ signal }) => (await door.ask<Answer<SampleSaid>>('GET', '/sample', { accept: JSONAPI, signal })).data.attributes,
    refetchInterval: query => (goes(query.state.data) ? WATCH : false),
    meta: { quiet: true },
  })
}

/** What can be done with it; what goes wrong is said in a notice. */
function useSampleActs() {
  const say = useSay(texts)
  const toast = useToast()
  const { door } = useClient()
  const queries = useQueryClient()
  const onError = (error: Error) => {
    const many = error instanceof Refused && error.status === 429
    toast({ text: say(many ? 'sample.many' : kindOf(error) === 'unreachable' ? 'sample.away' : 'sample.failed'), bad: true })
  }
  const onSettled = () => queries.invalidateQueries({ queryKey: KEY })
  const make = useMutation({ mutationFn: () => door.ask('POST', '/sample', { accept: JSONAPI }), onError, onSettled })
  const remove = useMutation({
    mutationFn: () => door.send('DELETE', '/sample'),
    onError,
    onSettled,
    onSuccess: () => toast({ text: say('sample.removed') }),
  })
  const open = useMutation({
    mutationFn: () => door.ask<Answer<{ url: string }>>('POST', '/sample/open', { accept: JSONAPI }),
    onError,
    onSuccess: ({ data }) => window.location.assign(data.attributes.url),
  })
  return { make, remove, open }
}

/** How far the making is, in words and as a share; undefined when it is not under way. */
function useProgress(sample: SampleSaid | undefined) {
  const say = useSay(texts)
  if (!sample || !goes(sample)) return undefined
  if (sample.state !== 'reading') return { text: say(`sample.${sample.state === 'queued' ? 'queued' : 'drawing'}`), share: undefined }
  const { done = 0, total = 0 } = sample
  return { text: say('sample.reading', { done, total }), share: total ? done / total : undefined }
}

function Obstacle({ sample }: { sample: SampleSaid }) {
  const say = useSay(texts)
  const { why } = sample
  const known = why === 'off' || why === 'confinement' || why === 'taken'
  return (
    <div className={`${css.obstacle} small`} role="status">
      {say(known ? `sample.why.${why}` : 'sample.why.failed')}
      {why === 'confinement' && <code>{sample.reason}</code>}
    </div>
  )
}

export function SampleDoor() {
  const say = useSay(texts)
  const { data: sample } = useSample()
  const { make, remove, open } = useSampleActs()
  const progress = useProgress(sample)
  const ready = sample?.state === 'ready'
  const stopped = sample && !ready && (!sample.possible || sample.state === 'errored')
  const busy = make.isPending || remove.isPending || open.isPending
  const door = useKeyboardKept<HTMLElement>(busy ? undefined : progress ? 'making' : sample?.state)
  return (
    <section className={css.door} ref={door}>
      <span className={css.sign}>
        <Icon name={ready ? 'check' : 'person'} />
      </span>
      <h2>{say(ready ? 'sample.ready' : 'sample.title')}</h2>
      <p className="muted">{say('sample.more')}</p>
      {stopped && <Obstacle sample={sample} />}
      {progress ? (
        <div className={css.making} aria-live="polite">
          <div className={css.runHead}>
            <span className="small muted num">{progress.text}</span>
            <Button size="compact-sm" variant="subtle" loading={remove.isPending} onClick={() => remove.mutate()}>
              {say('run.stop')}
            </Button>
          </div>
          <Bar share={progress.share} label={say('sample.title')} />
        </div>
      ) : ready ? (
        <div className={css.act}>
          <Button variant="filled" loading={open.isPending || open.isSuccess} onClick={() => open.mutate()}>
            {say('sample.open')}
          </Button>
          <Button variant="subtle" loading={remove.isPending} onClick={() => remove.mutate()}>
            {say('sample.remove')}
          </Button>
        </div>
      ) : (
        <div className={css.act}>
          <Button loading={make.isPending} disabled={!sample?.possible} onClick={() => make.mutate()}>
            {say(sample?.state === 'errored' && sample.possible ? 'again' : 'sample.do')}
          </Button>
        </div>
      )}
    </section>
  )
}

/** Once the place is in use: the sample person among the facts, as long as there is one. */
export function SampleFact() {
  const say = useSay(texts)
  const { data: sample } = useSample()
  const { remove, open } = useSampleActs()
  const progress = useProgress(sample)
  if (!sample || (sample.state !== 'ready' && !progress)) return null
  return (
    <div className={css.fact}>
      <h2 className={css.heading}>{say('sample.fact')}</h2>
      <div className="small muted num">{progress ? progress.text : say('sample.more')}</div>
      {progress && <Bar share={progress.share} label={say('sample.fact')} />}
      <div className={css.factActs}>
        {!progress && (
          <Button size="compact-sm" loading={open.isPending || open.isSuccess} onClick={() => open.mutate()}>
            {say('sample.open')}
          </Button>
        )}
        <Button size="compact-sm" variant="subtle" loading={remove.isPending} onClick={() => remove.mutate()}>
          {say(progress ? 'run.stop' : 'sample.remove')}
        </Button>
      </div>
    </div>
  )
}
