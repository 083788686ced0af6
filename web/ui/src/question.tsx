// What sources ask the person: shown wherever the person is, answered there; the reading goes on, or begins again.
import { Button, Modal } from '@mantine/core'
import { useClient, useFresh } from '@alcove/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { Icon } from './icons'
import { useFormats, useSay } from './language'
import css from './question.module.css'
import { texts } from './questiontexts'
import { kindOf } from './states'
import { useToast } from './toasts'

const JSONAPI = 'application/vnd.api+json'
const KEY = ['questions']
/** While a run waits, it is looked at now and then, too: a socket may be kept away by a proxy. */
const WATCH = 5000

export interface Choice {
  value: string
  label: string
}

export interface Question {
  id: string
  kind: 'choice' | 'text' | 'code' | 'password'
  field: string
  text: string
  choices: readonly Choice[]
  /** What it is about; the first row names the columns. */
  rows: readonly (readonly string[])[]
  connector: string
  /** What the person calls the source. */
  source: string
  account: string
  /** `waiting`: the reading stands still for the answer; `later`: the answer begins it again. */
  state: 'waiting' | 'later'
  files: readonly string[]
  /** Of a code in Cozy's own way: SMS, EMAIL, APP...; and whether the last one was wrong. */
  way?: string
  wrong?: boolean
}

/** The open questions, the oldest first; kept up to date. */
export function useQuestions() {
  const { door } = useClient()
  useFresh(['org.alcove.questions', 'io.cozy.accounts'], KEY)
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: { id: string; attributes: Omit<Question, 'id'> }[] }>('GET', '/connectors/questions', {
        accept: JSONAPI,
        signal,
      })
      return said.data.map(({ id, attributes }): Question => ({ id, ...attributes }))
    },
    refetchInterval: query => (query.state.data?.some(one => one.state === 'waiting') ? WATCH : false),
  })
}

/** Where each choice stands among the columns; undefined when the choices are no columns. */
export function columnsOf({ choices, rows }: Pick<Question, 'choices' | 'rows'>): readonly (number | undefined)[] | undefined {
  const heading = rows[0]
  if (!heading || rows.length < 2) return undefined
  const found = choices.map(({ value }) => heading.indexOf(value))
  return found.length > 0 && found.every(at => at >= 0) ? found : undefined
}

/** Whether the answer needs no value: a code that comes too late is worth nothing, a new one will be sent. */
export function onlyAgain({ kind, state }: Pick<Question, 'kind' | 'state'>): boolean {
  return kind === 'code' && state === 'later'
}

/** What becomes of the question: `undefined` drops it. */
function useSettle(question: Question) {
  const say = useSay(texts)
  const { door } = useClient()
  const queries = useQueryClient()
  const toast = useToast()
  const path = `/connectors/questions/${encodeURIComponent(question.id)}`
  return useMutation({
    mutationFn: ({ answer }: { answer: string | null | undefined }) =>
      answer === undefined
        ? door.send('DELETE', path)
        : door.send('POST', `${path}/answer`, { body: { data: { attributes: { answer } } }, accept: JSONAPI }),
    onMutate: () => {
      const before = queries.getQueryData<Question[]>(KEY)
      queries.setQueryData<Question[]>(KEY, all => all?.filter(one => one.id !== question.id))
      return before
    },
    onError: (error, _, before) => {
      if (kindOf(error) === 'conflict') return toast({ text: say('settled') })
      queries.setQueryData(KEY, before)
      toast({ text: say('failed', { reason: error.message }), bad: true })
    },
    onSuccess: (_, { answer }) => toast({ text: say(answer === undefined ? 'dropped' : question.state === 'waiting' ? 'goes.on' : 'begins.again') }),
    onSettled: () => void queries.invalidateQueries({ queryKey: KEY }),
  })
}

/** All open questions, or those of one source; nothing when there are none. */
export function Questions({ connector }: { connector?: string | undefined }) {
  const say = useSay(texts)
  const questions = useQuestions()
  const shown = (questions.data ?? []).filter(one => !connector || one.connector === connector)
  if (!shown.length) return null
  return (
    <section className={css.questions} aria-label={say('title')}>
      {shown.map(question => (
        <Card key={question.id} question={question} />
      ))}
    </section>
  )
}

function Card({ question }: { question: Question }) {
  const say = useSay(texts)
  const formats = useFormats()
  const settle = useSettle(question)
  const name = useId()
  const [answer, setAnswer] = useState('')
  const [leaving, setLeaving] = useState(false)
  const { kind, source, files, state, wrong } = question
  const again = onlyAgain(question)
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (again || answer) settle.mutate({ answer: again ? null : answer })
  }
  const about = files.length ? formats.list(files.length > 3 ? [...files.slice(0, 2), say('others', { count: files.length - 2 })] : files) : source
  return (
    <form className={css.card} onSubmit={send} aria-labelledby={`${name}t`}>
      <span className={css.sign}>
        <Icon name={kind === 'choice' || kind === 'text' ? 'question' : 'lock'} />
      </span>
      <div className={css.said}>
        <b id={`${name}t`}>{question.text || wayText(say, question)}</b>
        <div className="small muted">
          <bdi>{about}</bdi> · {say(again ? 'expired' : state === 'waiting' ? 'waits' : 'later')}
        </div>
        {wrong && <div className={css.wrong}>{say('wrong')}</div>}
      </div>
      {!again && <Field question={question} name={name} answer={answer} setAnswer={setAnswer} />}
      <div className={css.act}>
        <Button type="submit" variant="filled" disabled={(!again && !answer) || settle.isPending}>
          {say(again ? 'start' : 'answer')}
        </Button>
        {!question.id.startsWith('account:') && (
          <Button variant="subtle" onClick={() => setLeaving(true)}>
            {say('leave')}
          </Button>
        )}
      </div>
      <Modal opened={leaving} onClose={() => setLeaving(false)} title={say('leave.title')} closeButtonProps={{ 'aria-label': say('leave.not') }}>
        <p>{say(files.length ? 'leave.files' : 'leave.account', { source })}</p>
        <div className={css.leave}>
          <Button variant="subtle" onClick={() => setLeaving(false)}>
            {say('leave.not')}
          </Button>
          <Button variant="filled" onClick={() => settle.mutate({ answer: undefined })}>
            {say('leave.do')}
          </Button>
        </div>
      </Modal>
    </form>
  )
}

function wayText(say: ReturnType<typeof useSay<keyof (typeof texts)['en']>>, { way, source }: Question): string {
  const of = way?.startsWith('SMS') ? 'sms' : way?.startsWith('EMAIL') ? 'email' : way?.startsWith('APP') ? 'app' : 'any'
  return say(`code.${of}`, { source })
}

interface FieldProps {
  question: Question
  name: string
  answer: string
  setAnswer: (answer: string) => void
}

function Field(props: FieldProps) {
  const say = useSay(texts)
  const { question, name, answer, setAnswer } = props
  if (question.kind === 'choice') return columnsOf(question) ? <Columns {...props} /> : <Choices {...props} />
  const secret = question.kind === 'password'
  const code = question.kind === 'code'
  return (
    <div className={css.field}>
      <Sample rows={question.rows} />
      <input
        aria-labelledby={`${name}t`}
        type={secret ? 'password' : 'text'}
        inputMode={code ? 'numeric' : undefined}
        autoComplete={code ? 'one-time-code' : secret ? 'current-password' : 'off'}
        placeholder={code ? say('code.hint') : undefined}
        spellCheck={false}
        value={answer}
        onChange={event => setAnswer(event.target.value)}
      />
    </div>
  )
}

function Choices({ question, name, answer, setAnswer }: FieldProps) {
  return (
    <div className={css.field}>
      <Sample rows={question.rows} />
      <div className={css.choices} role="radiogroup" aria-labelledby={`${name}t`}>
        {question.choices.map(({ value, label }) => (
          <label key={value}>
            <input type="radio" name={name} value={value} checked={answer === value} onChange={() => setAnswer(value)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </div>
  )
}

function Sample({ rows }: { rows: Question['rows'] }) {
  if (!rows.length) return null
  return (
    <div className={css.scroll}>
      <table>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The first rows of the file: the answer is one of its columns, chosen in its heading or anywhere below it. */
function Columns({ question, name, answer, setAnswer }: FieldProps) {
  const say = useSay(texts)
  const [heading = [], ...rows] = question.rows
  const at = columnsOf(question) ?? []
  const offered = new Map(question.choices.map((choice, index) => [at[index], choice]))
  const on = heading.indexOf(answer)
  return (
    <div className={`${css.field} ${css.scroll}`} role="radiogroup" aria-labelledby={`${name}t`}>
      <table className={css.columns} aria-label={say('columns')}>
        <thead>
          <tr>
            {heading.map((cell, column) => {
              const choice = offered.get(column)
              return (
                <th key={column} scope="col" data-on={column === on || undefined} data-free={choice ? true : undefined}>
                  {choice ? (
                    <label>
                      <input type="radio" name={name} value={choice.value} checked={answer === choice.value} onChange={() => setAnswer(choice.value)} />
                      <span>{choice.label}</span>
                    </label>
                  ) : (
                    cell
                  )}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map((cell, column) => {
                const choice = offered.get(column)
                return (
                  <td key={column} data-on={column === on || undefined} data-free={choice ? true : undefined} onClick={choice && (() => setAnswer(choice.value))}>
                    {cell}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
