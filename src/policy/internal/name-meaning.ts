/**
 * What the name of a field or a column gives away about what is in it, in the languages in which shops name their columns. Used by the
 * checker (a field named 'religion' is special-category data whatever it is declared as) and by the draft from a file. A name proves
 * nothing: every use says why, and a person decides.
 */

export type NameMeaning =
  /** GDPR Art. 9(1): only with explicit consent. */
  | 'special category'
  /** Not in Art. 9, but law on equal treatment protects it. */
  | 'protected'
  | 'identifier'
  | 'person'
  | 'item'
  | 'item title'
  | 'time'
  | 'rating'
  | 'price'
  | 'category';

/** The meanings of a name, the surest first; empty for a name that tells nothing. */
export function meaningsOfName(name: string): NameMeaning[] {
  const words = wordsOf(name);
  const spellings = new Set([`=${words.join('')}`, words.join('')]);
  for (let start = 0; start < words.length; start++) {
    for (let length = 1; length <= 3; length++) spellings.add(words.slice(start, start + length).join(''));
  }
  const isFigure = words.some((word) => figures.has(word));
  return meanings.filter((meaning) => {
    if (isFigure && !ofAPerson.has(meaning)) return false;
    const known = vocabulary[meaning];
    return [...spellings].some((spelling) => known.has(spelling));
  });
}

/** `customerID`, `customer_id`, `Kunden-Nr.` and `CUSTOMER ID` as words in lower case without accents. */
export function wordsOf(name: string): string[] {
  return name
    .slice(0, 200)
    .replaceAll('ß', 'ss')
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** Words that turn a name into a figure about something: `cons.price.idx` is no price. */
const figures = new Set([
  'idx',
  'index',
  'var',
  'count',
  'avg',
  'mean',
  'sum',
  'total',
  'qty',
  'quantity',
  'anzahl',
  'menge',
]);

/** What stays what it is, also as a figure. */
const ofAPerson: ReadonlySet<NameMeaning> = new Set(['special category', 'protected', 'identifier']);

/** In the order of sureness. */
const meanings: readonly NameMeaning[] = [
  'special category',
  'protected',
  'identifier',
  'person',
  'item',
  'item title',
  'time',
  'rating',
  'price',
  'category',
];

/** Several words stand for neighbours in a name, written together or apart; `=` for a name that says nothing else. */
const vocabulary: Readonly<Record<NameMeaning, ReadonlySet<string>>> = {
  'special category':
    wordSet(`religion, religious, =faith, denomination, konfession, glaube, religione, religiao, religie, confession,
    ethnicity, ethnic, =race, racial, rasse, ethnie, etnia, etnicidad, hautfarbe, political, politics, political party, politik, partei,
    politique, politica, trade union, union membership, gewerkschaft, syndicat, sindicato, sindacato, =health, health status, health condition,
    health state, disease, diagnosis, illness,
    medical, medication, disability, disabled, pregnant, pregnancy, gesundheit, krankheit, diagnose, behinderung, schwanger, sante, maladie,
    =handicap, enceinte, salud, enfermedad, discapacidad, embarazada, salute, malattia, disabilita, incinta, saude, doenca, gezondheid,
    ziekte, sexuality, sexual orientation, sexualitat, sexuelle orientierung, orientation sexuelle, orientacion sexual, biometric,
    biometrics, biometrie, genetic, genetics, genome, fingerprint, hiv, 宗教, 民族, 健康, 病名`),
  protected:
    wordSet(`gender, sex, geschlecht, sexe, genre sexuel, genero, sexo, genere, sesso, geslacht, age, age band, age group, =alter,
    altersgruppe, idade, edad, =eta, leeftijd, birthday, birthdate, birth date, date of birth, dob, birth year, year of birth, geburtsdatum,
    geburtstag, geburtsjahr, date naissance, annee naissance, fecha nacimiento, data nascita, data nascimento, geboortedatum, marital,
    marital status, familienstand, etat civil, estado civil, stato civile, burgerlijke staat, nationality, nationalitat,
    staatsangehorigkeit, nationalite, nacionalidad, nazionalita, nacionalidade, nationaliteit, citizenship, 性別, 性别, 年齢, 年龄, 生年月日`),
  identifier:
    wordSet(`email, e mail, mail, email address, mail address, courriel, correo, correo electronico, posta elettronica, phone,
    phone number, telephone number, mobile number, telefonnummer, handynummer, numero telephone, iban, bic, account number, kontonummer,
    credit card, card number, kreditkarte, passport, passport number, reisepass, ausweisnummer, ssn, social security, tax id, steuernummer,
    nif, dni, cpf, codice fiscale, ip, ip address, device id, advertising id, idfa, gaid, cookie id, first name, last name, full name,
    surname, family name, vorname, nachname, familienname, prenom, nom famille, nombre completo, apellido, apellidos, cognome, achternaam,
    voornaam, username, user name, street, strasse, address, adresse, anschrift, direccion, indirizzo, adres, メール, 邮箱, 电话, 電話`),
  person:
    wordSet(`customer, customer id, customer no, customer nr, customer number, customer key, cust id, client, client id, user, user id,
    uid, userid, customerid, clientid, visitor, visitor id, member, member id, person, person id, account, account id, shopper,
    shopper id, buyer, buyer id, reviewer, reviewer id, subscriber id, household id, kunde, kunden id, kundennummer, kundennr, kunden nr,
    kundenid, benutzer, benutzer id, nutzer, nutzer id, besteller, utilisateur, id client, id utilisateur, numero client, acheteur, cliente,
    id cliente, usuario, id usuario, utente, id utente, klant, klant id, klantnummer, klantnr, gebruiker, klient, kund, kundnummer, 顧客,
    顧客id, 客户, 客户id, 用户, 用户id, ユーザー, العميل`),
  item: wordSet(`item, item id, itemid, product, product id, productid, product code, sku, asin, isbn, gtin, ean, upc, stock code, stockcode,
    article, article id, article no, article number, movie, movie id, movieid, film, track, track id, song, song id, book, book id, content
    id, listing id, offer id, artikel, artikel id, artikelnummer, artikelnr, artikel nr, produkt, produkt id, produktnummer, produktnr,
    produit, produit id, id produit, code produit, reference produit, articulo, producto, id producto, codigo producto, articolo, prodotto,
    id prodotto, codice prodotto, produto, id produto, productnummer, produkter, 商品, 商品id, 商品番号, 产品, المنتج`),
  'item title':
    wordSet(`description, title, product name, item name, bezeichnung, beschreibung, artikelbezeichnung, produktname,
    designation, libelle, titre, descripcion, titulo, descrizione, titolo, descricao, omschrijving, 商品名, 名称`),
  time: wordSet(`time, timestamp, date, datetime, date time, created, created at, ordered at, order date, invoice date, purchase date,
    event time, event timestamp, occurred at, zeit, zeitpunkt, zeitstempel, datum, uhrzeit, bestelldatum, rechnungsdatum, kaufdatum,
    horodatage, heure, date commande, date achat, fecha, fecha pedido, hora, marca tiempo, ora, data ordine, data acquisto, data, data pedido,
    tijd, tijdstip, besteldatum, 日付, 日時, 时间, 日期, التاريخ`),
  rating:
    wordSet(`rating, ratings, stars, star rating, score, review score, bewertung, sterne, note, evaluation, notation, valoracion,
    calificacion, puntuacion, valutazione, voto, avaliacao, nota, beoordeling, 評価, 评分`),
  price:
    wordSet(`price, unit price, unitprice, sale price, item price, amount paid, preis, einzelpreis, stuckpreis, verkaufspreis, prix, prix
    unitaire, precio, precio unitario, prezzo, prezzo unitario, preco, preco unitario, prijs, stuksprijs, 価格, 单价, 价格, السعر`),
  category:
    wordSet(`category, category name, category id, product category, department, genre, genres, product type, kategorie, warengruppe,
    produktgruppe, abteilung, categorie, rayon, categoria, departamento, reparto, afdeling, productgroep, カテゴリ, 类别, 分类, الفئة`),
};

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(',').map((word) => word.replaceAll(/\s+/g, '')));
}
