import type { ForecastOptions } from '../src/tasks/forecast/options.js';

/** A table that is forecast, and what it is compared with. */
export interface Case {
  name: string;
  kind: 'targets' | 'group' | 'known' | 'past' | 'missing' | 'yearly' | 'year and week';
  /** Choices were made on 'chosen' alone. */
  set: 'chosen' | 'kept';
  file: string;
  targets: string[];
  options?: Omit<ForecastOptions, 'targets'>;
  /** Columns left out to compare. */
  columns?: string[];
  missing?: { share: number; blocks: boolean };
}

type Rest = Omit<Case, 'kind' | 'set' | 'name' | 'file'> & { name?: string };

const of = (kind: Case['kind'], set: Case['set'], file: string, { name, ...rest }: Rest): Case => ({
  kind,
  set,
  file,
  name: name ?? file,
  ...rest,
});

const gaps = (set: Case['set'], file: string, target: string, options: Case['options'] = {}): Case[] =>
  [0.1, 0.3].flatMap((share) =>
    [false, true].map((blocks) =>
      of('missing', set, file, {
        name: `${file} ${100 * share} %${blocks ? ' in blocks' : ''}`,
        targets: [target],
        options,
        missing: { share, blocks },
      }),
    ),
  );

const grouped = (set: Case['set'], file: string, group: string, target: string, options: Case['options'] = {}) =>
  of('group', set, file, { targets: [target], options: { group: [group], ...options } });

export const cases: Case[] = [
  of('targets', 'chosen', 'lung', { targets: ['male', 'female'] }),
  of('targets', 'chosen', 'eustocks', { targets: ['DAX', 'SMI', 'CAC', 'FTSE'] }),
  of('targets', 'chosen', 'seattle-weather', {
    targets: ['temp_max', 'temp_min'],
    options: { drop: ['precipitation', 'wind', 'weather'] },
  }),
  of('targets', 'chosen', 'employment3', { targets: ['construction', 'manufacturing', 'retail_trade'] }),
  of('targets', 'chosen', 'driving', { targets: ['miles', 'gas'] }),
  of('targets', 'kept', 'newyork', {
    targets: ['temp_max', 'temp_min', 'wind'],
    options: { drop: ['precipitation', 'weather'] },
  }),
  of('targets', 'kept', 'seatbelts', {
    targets: ['DriversKilled', 'front', 'rear'],
    options: { drop: ['drivers', 'kms', 'PetrolPrice', 'VanKilled', 'law'] },
  }),
  of('targets', 'kept', 'macro', { targets: ['gdp', 'consumption', 'invest', 'unemp'] }),
  of('targets', 'kept', 'dutchadvert', { targets: ['tv', 'radio'] }),
  of('targets', 'kept', 'bjsales', { targets: ['sales', 'lead'] }),
  grouped('chosen', 'unemployment', 'industry', 'count'),
  grouped('chosen', 'stores-a', 'store', 'sales', { drop: ['promo'] }),
  grouped('chosen', 'stores-b', 'store', 'sales', { drop: ['promo'] }),
  grouped('chosen', 'cigar', 'state', 'sales', { drop: ['price'] }),
  grouped('chosen', 'gap-fertility', 'country', 'fertility'),
  grouped('chosen', 'orange', 'tree', 'circ'),
  grouped('kept', 'employment', 'sector', 'jobs'),
  grouped('kept', 'stores-c', 'store', 'sales', { drop: ['promo'] }),
  grouped('kept', 'stocks', 'symbol', 'price'),
  grouped('kept', 'produc', 'state', 'gsp', { drop: ['unemp'] }),
  grouped('kept', 'gasoline', 'country', 'lgaspcar', { drop: ['lrpmg'] }),
  grouped('kept', 'grunfeld', 'firm', 'inv', { drop: ['value'] }),
  grouped('kept', 'gap-life_expect', 'country', 'life_expect'),
  grouped('kept', 'iowa', 'source', 'net'),
  of('known', 'chosen', 'promo-01', { targets: ['sales'], options: { known: ['promo'] }, columns: ['promo'] }),
  of('known', 'chosen', 'price-a', {
    targets: ['sales'],
    options: { known: ['price', 'holiday'] },
    columns: ['price', 'holiday'],
  }),
  of('known', 'chosen', 'stores-a', {
    name: 'stores-a promo',
    targets: ['sales'],
    options: { known: ['promo'], group: ['store'] },
  }),
  of('known', 'kept', 'covar', { targets: ['sales'], options: { known: ['holiday'] }, columns: ['holiday'] }),
  of('known', 'kept', 'price-b', {
    targets: ['sales'],
    options: { known: ['price', 'holiday'] },
    columns: ['price', 'holiday'],
  }),
  of('known', 'kept', 'seatbelts', {
    targets: ['DriversKilled'],
    options: { known: ['law', 'PetrolPrice'], drop: ['drivers', 'front', 'rear', 'kms', 'VanKilled'] },
    columns: ['law', 'PetrolPrice'],
  }),
  of('known', 'kept', 'stores-c', {
    name: 'stores-c promo',
    targets: ['sales'],
    options: { known: ['promo'], group: ['store'] },
  }),
  of('past', 'chosen', 'seattle-weather', {
    targets: ['temp_max'],
    columns: ['precipitation', 'temp_min', 'wind', 'weather'],
  }),
  of('past', 'chosen', 'freeny', { targets: ['y'], columns: ['price.index', 'income.level', 'market.potential'] }),
  of('past', 'chosen', 'eustocks', { targets: ['FTSE'], columns: ['DAX', 'SMI', 'CAC'] }),
  of('past', 'kept', 'bjsales', { targets: ['sales'], columns: ['lead'] }),
  of('past', 'kept', 'newyork', { targets: ['temp_max'], columns: ['precipitation', 'temp_min', 'wind', 'weather'] }),
  of('past', 'kept', 'seatbelts', {
    targets: ['DriversKilled'],
    columns: ['drivers', 'front', 'rear', 'kms', 'VanKilled', 'PetrolPrice', 'law'],
  }),
  of('past', 'kept', 'macro', { targets: ['gdp'], columns: ['consumption', 'invest', 'unemp'] }),
  ...gaps('chosen', 'co2-concentration', 'CO2'),
  ...gaps('chosen', 'saw-iso', 'sales'),
  ...gaps('chosen', 'seattle-weather', 'temp_max', { drop: ['precipitation', 'temp_min', 'wind', 'weather'] }),
  ...gaps('kept', 'ukgas', 'gas'),
  ...gaps('kept', 'newyork', 'temp_max', { drop: ['precipitation', 'temp_min', 'wind', 'weather'] }),
  ...gaps('kept', 'demand-b', 'load'),
  ...gaps('kept', 'seatbelts', 'DriversKilled', {
    drop: ['drivers', 'front', 'rear', 'kms', 'VanKilled', 'PetrolPrice', 'law'],
  }),
  ...['y-airmiles', 'y-nhtemp', 'driving', 'wheat'].map((file) =>
    of('yearly', 'chosen', file, {
      targets: [{ driving: 'miles', wheat: 'wheat' }[file] ?? 'v'],
      options: { drop: { driving: ['gas'], wheat: ['wages'] }[file] ?? [] },
    }),
  ),
  ...['y-huron', 'y-discoveries', 'globaltemp', 'longley'].map((file) =>
    of('yearly', 'kept', file, {
      targets: [{ globaltemp: 'temp', longley: 'Employed' }[file] ?? 'v'],
      options: { drop: { longley: ['GNP', 'Unemployed', 'Population'] }[file] ?? [] },
    }),
  ),
  of('year and week', 'chosen', 'demand-a', { targets: ['load'] }),
  of('year and week', 'chosen', 'demand-a', { name: 'demand-a 28', targets: ['load'], options: { horizon: 28 } }),
  of('year and week', 'chosen', 'seattle-weather', {
    name: 'seattle 28',
    targets: ['temp_max'],
    options: { horizon: 28, drop: ['precipitation', 'temp_min', 'wind', 'weather'] },
  }),
  of('year and week', 'kept', 'demand-b', { targets: ['load'] }),
  of('year and week', 'kept', 'demand-b', { name: 'demand-b 28', targets: ['load'], options: { horizon: 28 } }),
  of('year and week', 'kept', 'newyork', {
    name: 'newyork 28',
    targets: ['temp_max'],
    options: { horizon: 28, drop: ['precipitation', 'temp_min', 'wind', 'weather'] },
  }),
];
